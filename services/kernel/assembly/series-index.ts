import { GrowingSpace } from "./growing-space";
import { LABEL_BYTES, seriesCount, seriesRow } from "./request-rows";
import { hashOf, MAX_KEY_BYTES, numberOf, SeriesHalf } from "./series-half";

/*
 * Numbers for label sets. What is new goes into the young half; what is found in the old one moves to the young one.
 * The host decides when the halves change places, and keeps what it knows of each number.
 */

let young = new SeriesHalf();
let old = new SeriesHalf();
const found = new GrowingSpace();

/** No number: the label set is new, or too long to be remembered. */
export const NONE: u32 = 0xffffffff;

/** A finding: the number now, and the number in the old half that it had before, or NONE. */
const FINDING_BYTES: usize = 8;

/** Series that are looked up together. */
const BATCH: u32 = 32;
const batchHashes = memory.data(4 * BATCH, 16);
/** Keeps the compiler from leaving out loads that only bring memory closer. */
export let warmth: u64 = 0;

/**
 * Looks up every series of the request at hand. @returns where the findings are, one for each series.
 *
 * Each look-up waits for memory twice, for the cell and for the entry. So a batch of them asks for all its cells, then
 * for all its entries, and only then compares: the waits overlap.
 */
export function findAll(stream: u32): usize {
  const findings = found.ensure(<usize>seriesCount * FINDING_BYTES);
  for (let first: u32 = 0; first < seriesCount; first += BATCH) {
    const end = min(first + BATCH, seriesCount);
    for (let series = first; series < end; series++) {
      const row = seriesRow(series);
      const length = load<u32>(row, LABEL_BYTES);
      const hash = length > MAX_KEY_BYTES ? 0 : hashOf(stream, load<u32>(row), length);
      store<u32>(batchHashes + ((<usize>(series - first)) << 2), hash);
      warmth += young.warmCell(hash);
    }
    for (let series = first; series < end; series++) {
      warmth += young.warmEntry(load<u32>(batchHashes + ((<usize>(series - first)) << 2)));
    }
    for (let series = first; series < end; series++) {
      const row = seriesRow(series);
      const hash = load<u32>(batchHashes + ((<usize>(series - first)) << 2));
      find(hash, stream, load<u32>(row), load<u32>(row, LABEL_BYTES), findings + <usize>series * FINDING_BYTES);
    }
  }
  return findings;
}

/** Looks up some bytes. @returns where the finding is. */
export function findOne(stream: u32, at: usize, length: u32): usize {
  const finding = found.ensure(FINDING_BYTES);
  find(length > MAX_KEY_BYTES ? 0 : hashOf(stream, at, length), stream, at, length, finding);
  return finding;
}

/** Adds bytes that were not found. @returns their number, or NONE. */
export function add(stream: u32, at: usize, length: u32): u32 {
  return length > MAX_KEY_BYTES ? NONE : young.add(hashOf(stream, at, length), stream, at, length);
}

/** The young half becomes the old one, which is forgotten. */
export function turnHalves(): void {
  const forgotten = old;
  forgotten.clear();
  old = young;
  young = forgotten;
}

export function forgetAll(): void {
  young.clear();
  old.clear();
}

/** Bytes that the entries of the young half take. */
export function youngBytes(): usize {
  return young.entryBytes;
}

function find(hash: u32, stream: u32, at: usize, length: u32, finding: usize): void {
  let number = NONE;
  let before = NONE;
  if (length <= MAX_KEY_BYTES) {
    let entry = young.find(hash, stream, at, length);
    if (entry !== 0) {
      number = numberOf(entry);
    } else {
      entry = old.find(hash, stream, at, length);
      if (entry !== 0) {
        before = numberOf(entry);
        number = young.add(hash, stream, at, length);
      }
    }
  }
  store<u32>(finding, number);
  store<u32>(finding, before, 4);
}
