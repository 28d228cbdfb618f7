import { createRandom } from "../support/random.ts";

/** What a series measures: gives its value minute by minute. */
export interface SeriesKind {
  readonly name: string;
  /** Which part of a node_exporter's series are like this. */
  readonly share: number;
  /** Begins a series. */
  begin(seed: number): () => number;
}

/**
 * Series as a node_exporter has them. The shares were counted on a busy machine with two cores, in seven scrapes within
 * 90 seconds: 343 of 507 series stayed as they were, 41 counted in whole numbers, 29 in others, 94 went up and down.
 */
export const SERIES_KINDS: readonly SeriesKind[] = [
  { name: "constant", share: 0.68, begin: (seed) => () => seed * 4096 },
  { name: "counter", share: 0.08, begin: counter },
  { name: "seconds counter", share: 0.06, begin: secondsCounter },
  { name: "gauge", share: 0.18, begin: gauge },
];

/** Packets, requests: whole numbers that grow by some hundreds a minute. */
function counter(seed: number): () => number {
  const random = createRandom(seed);
  let value = random.below(1e9);
  return () => {
    value += 400 + random.below(200);
    return value;
  };
}

/** CPU seconds of one mode: two decimals, growing by up to a minute. */
function secondsCounter(seed: number): () => number {
  const random = createRandom(seed);
  let hundredths = random.below(1e8);
  return () => {
    hundredths += random.below(6000);
    return hundredths / 100;
  };
}

/** Free memory: pages of 4096 bytes, some more or fewer than a minute ago. */
function gauge(seed: number): () => number {
  const random = createRandom(seed);
  let pages = 1e6;
  return () => {
    pages += random.below(2001) - 1000;
    return pages * 4096;
  };
}
