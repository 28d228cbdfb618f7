/**
 * Bytes for one purpose, which are kept from request to request and replaced by more where a request needs more.
 * Whatever was in them is lost then.
 */
export class GrowingSpace {
  start: usize = 0;
  private bytes: usize = 0;

  /** Makes room for so many bytes. @returns where they start, a multiple of 16. */
  ensure(bytes: usize): usize {
    if (bytes > this.bytes) {
      if (this.start !== 0) {
        heap.free(this.start);
      }
      // A little more than asked for, so that requests that grow slowly do not move the space each time.
      this.bytes = bytes + (bytes >> 3);
      this.start = heap.alloc(this.bytes);
    }
    return this.start;
  }
}
