/*
 * Writes the elements of a snappy block: https://github.com/google/snappy/blob/main/format_description.txt
 *
 * Whoever calls this knows which bytes were there before, so nothing is searched for. Bytes are copied 16 at a time, beyond
 * the end of what is copied: the space for the block needs `ELEMENT_SLACK` bytes behind it, and so do the sources.
 */

export const ELEMENT_SLACK: usize = 80;

/** A literal of so many bytes has a tag of one byte; longer ones are written as several. */
const LITERAL_BYTES: u32 = 60;
const COPY_BYTES: u32 = 64;
/** The furthest that a copy reaches back, and that a short one does. */
const MAX_OFFSET: u32 = 0xffff;
const SHORT_OFFSET: u32 = 0x7ff;
/** A copy of fewer bytes saves nothing, where it cuts a literal in two. */
const LEAST_COPY: u32 = 5;
const WORD_BYTES: u32 = 8;

let out: usize = 0;
/** Where the tag of the literal at hand is, 0 where there is none, and the bytes that it has. */
let literal: usize = 0;
let literalBytes: u32 = 0;
/** The copy at hand, which is not written yet; of 0 bytes where there is none. */
let copyBytes: u32 = 0;
let copyOffset: u32 = 0;

/** The next elements are written from here on. */
export function beginElements(at: usize): void {
  out = at;
  literal = 0;
  copyBytes = 0;
}

/** @returns where the elements end. */
export function endElements(): usize {
  closeLiteral();
  writeCopy();
  return out;
}

/** Bytes that elements of so many expanded bytes take at most. */
export function mostElementBytes(bytes: u32): usize {
  return <usize>bytes + <usize>(bytes / 32) + ELEMENT_SLACK;
}

/** Adds bytes. */
export function putBytes(from: usize, bytes: u32): void {
  while (bytes > 0) {
    if (literal === 0) {
      writeCopy();
      literal = out++;
      literalBytes = 0;
    }
    const some = min(bytes, LITERAL_BYTES - literalBytes);
    v128.store(out, v128.load(from));
    for (let done: u32 = 16; done < some; done += 16) {
      v128.store(out + done, v128.load(from + done));
    }
    out += some;
    from += some;
    bytes -= some;
    literalBytes += some;
    if (literalBytes === LITERAL_BYTES) {
      closeLiteral();
    }
  }
}

/** Adds bytes that are the same as those `offset` expanded bytes before. @param from where they can be read, too. */
export function putSame(from: usize, bytes: u32, offset: u32): void {
  if (copyBytes > 0 && offset === copyOffset) {
    copyBytes += bytes;
  } else if (bytes < LEAST_COPY || offset > MAX_OFFSET) {
    putBytes(from, bytes);
  } else {
    closeLiteral();
    writeCopy();
    copyBytes = bytes;
    copyOffset = offset;
  }
}

/**
 * Adds bytes that are the same as those `offset` expanded bytes before, but for the 8 of a word among them: the quickest way, where
 * the copy at hand goes on with them.
 * @param ahead bytes in front of the word. @param behind bytes after it.
 * @returns whether it did; if not, nothing was added.
 */
export function putSameButWord(word: u64, ahead: u32, behind: u32, offset: u32): bool {
  if (copyBytes === 0 || offset !== copyOffset || behind < LEAST_COPY) {
    return false;
  }
  copyBytes += ahead;
  writeCopy();
  store<u8>(out, (WORD_BYTES - 1) << 2);
  store<u64>(out, word, 1);
  out += 1 + WORD_BYTES;
  copyBytes = behind;
  return true;
}

function closeLiteral(): void {
  if (literal !== 0) {
    store<u8>(literal, (literalBytes - 1) << 2);
    literal = 0;
  }
}

function writeCopy(): void {
  while (copyBytes > 0) {
    const some = min(copyBytes, COPY_BYTES);
    if (some >= 4 && some < 12 && copyOffset <= SHORT_OFFSET) {
      store<u8>(out, ((copyOffset >> 8) << 5) | ((some - 4) << 2) | 1);
      store<u8>(out, copyOffset, 1);
      out += 2;
    } else {
      store<u8>(out, ((some - 1) << 2) | 2);
      store<u16>(out, <u16>copyOffset, 1);
      out += 3;
    }
    copyBytes -= some;
  }
}
