import { GrowingSpace } from "./growing-space";

/*
 * What a request was found to hold, in columns: a series is a row of the first, a sample a row of the second.
 */

/** Series and samples that one request may have; `MAX_ROWS` of the codec. */
export const MAX_ROWS: u32 = 1_048_576;

/** A series is six words: where its label fields start, and … */
export const SERIES_BYTES: usize = 24;
export const LABEL_BYTES: usize = 4;
export const FIRST_SAMPLE: usize = 8;
export const SAMPLES: usize = 12;
export const HISTOGRAMS: usize = 16;
export const EXEMPLARS: usize = 20;
/** A metadata message is where it starts and ends. */
export const METADATA_BYTES: usize = 8;

const seriesSpace = new GrowingSpace();
/** Of every sample its time, as a double. */
const timeSpace = new GrowingSpace();
/** Of every sample the bits of its value. */
const valueSpace = new GrowingSpace();
const metadataSpace = new GrowingSpace();

export let seriesCount: u32 = 0;
export let sampleCount: u32 = 0;
export let metadataCount: u32 = 0;
/** Whether each series has one sample and nothing else. */
export let hasOneSampleEach: bool = true;
/** Bytes of all label fields. */
export let labelBytes: u32 = 0;

/** Empties the columns, with room for what so many bytes can hold: every row takes two of them at least. */
export function clearRows(bytes: u32): void {
  const most = min(bytes / 2 + 1, MAX_ROWS);
  seriesSpace.ensure(<usize>most * SERIES_BYTES);
  timeSpace.ensure((<usize>most) << 3);
  valueSpace.ensure((<usize>most) << 3);
  metadataSpace.ensure(<usize>(bytes / 2 + 1) * METADATA_BYTES);
  seriesCount = 0;
  sampleCount = 0;
  metadataCount = 0;
  labelBytes = 0;
  hasOneSampleEach = true;
}

export function seriesRow(series: u32): usize {
  return seriesSpace.start + <usize>series * SERIES_BYTES;
}

export function timesAt(): usize {
  return timeSpace.start;
}

export function valuesAt(): usize {
  return valueSpace.start;
}

export function metadataAt(): usize {
  return metadataSpace.start;
}

/** @returns whether there was room. */
export function addSample(timestampMs: f64, valueBits: u64): bool {
  if (sampleCount >= MAX_ROWS) {
    return false;
  }
  const offset = (<usize>sampleCount) << 3;
  store<f64>(timeSpace.start + offset, timestampMs);
  store<u64>(valueSpace.start + offset, valueBits);
  sampleCount++;
  return true;
}

export function addMetadata(start: usize, end: usize): void {
  const row = metadataSpace.start + <usize>metadataCount * METADATA_BYTES;
  store<u32>(row, <u32>start);
  store<u32>(row, <u32>end, 4);
  metadataCount++;
}

/** Adds a series with the samples from `firstSample` to the last one added. @returns whether there was room. */
export function addSeries(labels: usize, bytes: u32, firstSample: u32, histograms: u32, exemplars: u32): bool {
  if (seriesCount >= MAX_ROWS) {
    return false;
  }
  const row = seriesRow(seriesCount);
  store<u32>(row, <u32>labels);
  store<u32>(row, bytes, LABEL_BYTES);
  store<u32>(row, firstSample, FIRST_SAMPLE);
  store<u32>(row, sampleCount - firstSample, SAMPLES);
  store<u32>(row, histograms, HISTOGRAMS);
  store<u32>(row, exemplars, EXEMPLARS);
  if (sampleCount !== firstSample + 1 || (histograms | exemplars) !== 0) {
    hasOneSampleEach = false;
  }
  seriesCount++;
  labelBytes += bytes;
  return true;
}

/** Takes away all but the first rows, of which each is a series with one sample. @param bytes of labels that go with them. */
export function cutRows(rows: u32, bytes: u32): void {
  seriesCount = rows;
  sampleCount = rows;
  labelBytes -= bytes;
}

/** Gives all samples from `first` on the same time. */
export function setTimes(first: u32, timestampMs: f64): void {
  for (let row = first; row < sampleCount; row++) {
    store<f64>(timeSpace.start + ((<usize>row) << 3), timestampMs);
  }
}

/** Makes addresses of labels' places that were told as offsets. */
export function placeLabels(start: usize): void {
  for (let series: u32 = 0; series < seriesCount; series++) {
    const row = seriesRow(series);
    store<u32>(row, load<u32>(row) + <u32>start);
  }
}
