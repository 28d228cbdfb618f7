/** Writes a number as protobuf's varint, ten bytes at most. @returns where it ends. */
export function putVarint(at: usize, value: u64): usize {
  while (value > 0x7f) {
    store<u8>(at++, <u8>value | 0x80);
    value >>= 7;
  }
  store<u8>(at, <u8>value);
  return at + 1;
}
