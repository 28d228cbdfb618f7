/*
 * Expands snappy blocks: https://github.com/google/snappy/blob/main/format_description.txt
 *
 * Bytes are copied 16 at a time and more, beyond the end of what is copied: the callers' spaces have `SLACK` bytes to spare, and
 * what lands there is written over by what follows. What an element says about itself is checked before it is copied.
 */

/** Bytes that must be there, to be read and written, after the end of the block and of the space it expands into. */
export const SLACK: usize = 80;

/** Expands the elements from `at` to `end` into exactly the bytes from `out` to `outEnd`. @returns whether they do. */
export function expandElements(at: usize, end: usize, out: usize, outEnd: usize): bool {
  const start = out;
  while (at < end) {
    const tag = <u32>load<u8>(at++);
    let length = tag >> 2;
    if ((tag & 3) === 0) {
      if (length >= 60) {
        const width = length - 59;
        if (<usize>width > end - at) {
          return false;
        }
        length = load<u32>(at) & (0xffffffff >> ((4 - width) << 3));
        at += width;
      }
      // The length is one more than `length`, which may be 2^32 - 1.
      if (<usize>length >= end - at || <usize>length >= outEnd - out) {
        return false;
      }
      length++;
      copyApart(out, at, length);
      at += length;
      out += length;
      continue;
    }
    let offset: u32;
    if ((tag & 3) === 1) {
      offset = ((tag >> 5) << 8) | <u32>load<u8>(at++);
      length = (length & 7) + 4;
    } else if ((tag & 3) === 2) {
      offset = <u32>load<u16>(at);
      at += 2;
      length++;
    } else {
      offset = load<u32>(at);
      at += 4;
      length++;
    }
    if (at > end || offset === 0 || <usize>offset > out - start || <usize>length > outEnd - out) {
      return false;
    }
    copyBack(out, offset, length);
    out += length;
  }
  return out === outEnd;
}

/** Copies bytes from a place that the copy does not touch, nor the 16 bytes after it. */
export function copyApart(to: usize, from: usize, length: u32): void {
  if (length > 64) {
    memory.copy(to, from, length);
    return;
  }
  v128.store(to, v128.load(from));
  for (let done: u32 = 16; done < length; done += 16) {
    v128.store(to + done, v128.load(from + done));
  }
}

/** Copies at most 64 bytes that were written `offset` bytes before; where that is less, they repeat. */
function copyBack(to: usize, offset: u32, length: u32): void {
  const from = to - offset;
  if (offset >= 16) {
    // Two steps or four, whatever the length: to ask after each costs more.
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    if (length > 32) {
      v128.store(to, v128.load(from, 32), 32);
      v128.store(to, v128.load(from, 48), 48);
    }
  } else if (offset >= 8) {
    for (let done: u32 = 0; done < length; done += 8) {
      store<u64>(to + done, load<u64>(from + done));
    }
  } else {
    for (let done: u32 = 0; done < length; done++) {
      store<u8>(to + done, load<u8>(from + done));
    }
  }
}
