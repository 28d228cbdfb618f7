import { takeFingerprint } from "./fingerprint";
import { GrowingSpace } from "./growing-space";
import { LABEL_BYTES, seriesCount, seriesRow } from "./request-rows";
import { NONE, SeriesHalf } from "./series-half";

/*
 * Numbers for label sets. What is new goes into the young half; what is found in the old one moves to the young one.
 * The host decides when the halves change places, and keeps what it knows of each number.
 */

let young = new SeriesHalf();
let old = new SeriesHalf();
const found = new GrowingSpace();

/** A finding: the number now, and the number in the old half that it had before, or NONE. */
const FINDING_BYTES: usize = 8;

const print = memory.data(16, 16);

/** Looks up every series of the request at hand. @returns where the findings are, one for each series. */
export function findAll(stream: u32): usize {
  const findings = found.ensure(<usize>seriesCount * FINDING_BYTES);
  for (let series: u32 = 0; series < seriesCount; series++) {
    const row = seriesRow(series);
    takeFingerprint(load<u32>(row), load<u32>(row, LABEL_BYTES), stream, print);
    find(findings + <usize>series * FINDING_BYTES);
  }
  return findings;
}

/** Looks up some bytes. @returns where the finding is. */
export function findOne(stream: u32, at: usize, length: u32): usize {
  const finding = found.ensure(FINDING_BYTES);
  takeFingerprint(at, length, stream, print);
  find(finding);
  return finding;
}

/** Adds bytes that were not found. @returns their number. */
export function add(stream: u32, at: usize, length: u32): u32 {
  takeFingerprint(at, length, stream, print);
  return young.add(print);
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

/** Looks up the fingerprint at hand. */
function find(finding: usize): void {
  let number = young.find(print);
  let before = NONE;
  if (number === NONE) {
    before = old.find(print);
    if (before !== NONE) {
      number = young.add(print);
    }
  }
  store<u32>(finding, number);
  store<u32>(finding, before, 4);
}
