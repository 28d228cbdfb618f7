/*
 * CRC-32C (Castagnoli; RFC 3720, appendix B.4) of bytes in memory, 16 at a time: each of them has a table that says what it
 * comes to at the end of the 16 (Kounavis and Berry, "slicing-by-8").
 */

/** The polynomial 0x1edc6f41, its bits turned round. */
const POLYNOMIAL: u32 = 0x82f63b78;
const SLICE_BYTES: usize = 16;
/** 256 words. */
const TABLE_BYTES: usize = 1024;

/** Table n: what a byte comes to after n more bytes. */
const tables = memory.data(16384, 16);

/** Fills the tables. Called once, before anything else here. */
export function prepareCrc32c(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >> 1) ^ ((crc & 1) !== 0 ? POLYNOMIAL : 0);
    }
    store<u32>(tables + ((<usize>byte) << 2), crc);
  }
  // The first table is complete: it says what any word comes to after one more byte.
  for (let at = tables + TABLE_BYTES, end = tables + SLICE_BYTES * TABLE_BYTES; at < end; at += 4) {
    const crc = load<u32>(at - TABLE_BYTES);
    store<u32>(at, (crc >> 8) ^ entry(0, crc & 0xff));
  }
}

/** The CRC-32C of the bytes from `at` to `end`. */
export function crc32c(at: usize, end: usize): u32 {
  let crc: u32 = 0xffffffff;
  for (; end - at >= SLICE_BYTES; at += SLICE_BYTES) {
    crc =
      ofWord(12, load<u32>(at) ^ crc) ^
      ofWord(8, load<u32>(at, 4)) ^
      ofWord(4, load<u32>(at, 8)) ^
      ofWord(0, load<u32>(at, 12));
  }
  for (; at < end; at++) {
    crc = (crc >> 8) ^ entry(0, (crc ^ <u32>load<u8>(at)) & 0xff);
  }
  return ~crc;
}

/** What four bytes come to after `after` more bytes; the lowest byte comes first. */
function ofWord(after: usize, word: u32): u32 {
  return (
    entry(after + 3, word & 0xff) ^
    entry(after + 2, (word >> 8) & 0xff) ^
    entry(after + 1, (word >> 16) & 0xff) ^
    entry(after, word >> 24)
  );
}

function entry(table: usize, byte: u32): u32 {
  return load<u32>(tables + table * TABLE_BYTES + ((<usize>byte) << 2));
}
