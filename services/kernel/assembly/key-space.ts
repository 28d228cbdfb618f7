/*
 * What series of lines are recognised by, one after the other, as long as a body is read. Rows have their places as
 * offsets, because the space moves when it grows, until `placeLabels` makes addresses of them.
 */

/** Keys are copied in sixteens, and hashed in blocks of 32 bytes. */
const SLACK: usize = 32;
const FIRST_BYTES: usize = 1 << 16;

let start: usize = 0;
let capacity: usize = 0;
let most: usize = 0;
/** Bytes of all keys so far. */
export let keyBytes: usize = 0;

export function keysAt(): usize {
  return start;
}

/** @param mostBytes of all keys of a body. */
export function clearKeys(mostBytes: usize): void {
  keyBytes = 0;
  most = mostBytes;
}

/** Takes room for a key, behind the one before. @returns where it is now, or 0 if there may be no more. */
export function takeKey(bytes: usize): usize {
  if (keyBytes + bytes > most) {
    return 0;
  }
  const needed = keyBytes + bytes + SLACK;
  if (needed > capacity) {
    grow(needed);
  }
  const at = start + keyBytes;
  keyBytes += bytes;
  return at;
}

/** Gives back what was taken when they were fewer. */
export function cutKeys(bytes: usize): void {
  keyBytes = bytes;
}

/** Copies bytes, and up to 15 behind them. @returns where the copy ends. */
export function copyKey(to: usize, from: usize, bytes: usize): usize {
  const end = to + bytes;
  while (to < end) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  return end;
}

function grow(needed: usize): void {
  const larger = max(max(needed, capacity << 1), FIRST_BYTES);
  const moved = heap.alloc(larger);
  memory.copy(moved, start, keyBytes);
  if (start !== 0) {
    heap.free(start);
  }
  start = moved;
  capacity = larger;
}
