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

/** A finding: the number, and the one that it had in the old half until now, or NONE. */
const FINDING_BYTES: usize = 8;

const print = memory.data(16, 16);

/** Numbers every series of the request at hand. @returns where the findings are, one for each series. */
export function numberAll(stream: u32): usize {
  const findings = found.ensure(<usize>seriesCount * FINDING_BYTES);
  for (let series: u32 = 0; series < seriesCount; series++) {
    const row = seriesRow(series);
    takeFingerprint(load<u32>(row), load<u32>(row, LABEL_BYTES), stream, print);
    find(findings + <usize>series * FINDING_BYTES);
  }
  return findings;
}

/** Numbers some bytes. @returns where the finding is. */
export function numberOne(stream: u32, at: usize, length: u32): usize {
  const finding = found.ensure(FINDING_BYTES);
  takeFingerprint(at, length, stream, print);
  find(finding);
  return finding;
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

/** Finds the number of the fingerprint at hand, which gets one if it has none. */
function find(finding: usize): void {
  let number = young.find(print);
  let before = NONE;
  if (number === NONE) {
    before = old.find(print);
    number = young.add(print);
  }
  store<u32>(finding, number);
  store<u32>(finding, before, 4);
}
