/*
 * What `readRequest` answers. Anything but `READ` sends the body to the reference codec, which finds the words for what
 * is wrong, or reads what is right and seldom: the kernel itself reads only what senders send all day.
 */

export const READ: u32 = 0;
/** The body is not a snappy block of the declared length. */
export const NOT_SNAPPY: u32 = 1;
/** The bytes are no WriteRequest, or one with something in it that the kernel leaves to the reference. */
export const NOT_PLAIN: u32 = 2;
