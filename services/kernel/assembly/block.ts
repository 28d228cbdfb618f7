import { crc32c } from "./crc32c";
import { GrowingSpace } from "./growing-space";
import { MAX_ROWS } from "./request-rows";
import { putVarint } from "./varint";

/*
 * Makes a block (`services/shared/block.ts`, which has the format) of a head and three columns that the host has filled:
 *
 *   u64 ids, f64 times in milliseconds, u64 bits of values, head
 */

/** Times reach this far; see `MAX_TIMESTAMP_MS`. Their differences then have 51 bits, and 52 in zigzag. */
const MAX_TIME: f64 = 1_125_899_906_842_624;
/** Most bytes of such a difference, or of a number of samples; most bytes of a run of both. */
const MAX_VARINT_BYTES: usize = 8;
const MAX_RUN_BYTES: usize = 2 * MAX_VARINT_BYTES;
const CRC_BYTES: usize = 4;
/** Version, kind, three names of at most 255 bytes with their lengths, generation, number of samples. */
const MOST_HEAD_BYTES: u32 = 2 + 3 * 256 + 4 + 4;

const columns = new GrowingSpace();
const block = new GrowingSpace();
/** What the host writes: bytes of each column, and of the head. */
let columnBytes: usize = 0;
let headBytes: usize = 0;

/** Bytes of the last block. */
export let blockBytes: u32 = 0;

/**
 * Where the host writes the columns of so many samples, one after the other, and then a head of so many bytes; 0 where
 * that is more than a block has.
 */
export function columnsAt(samples: u32, bytes: u32): usize {
  if (samples > MAX_ROWS || bytes > MOST_HEAD_BYTES) {
    return 0;
  }
  columnBytes = (<usize>samples) << 3;
  headBytes = bytes;
  return columns.ensure(3 * columnBytes + headBytes);
}

/**
 * Makes the block of what the host has written.
 * @returns where it is, `blockBytes` says how long; 0 where a time is beyond what a block holds.
 */
export function writeBlock(): usize {
  const ids = columns.start;
  const times = ids + columnBytes;
  const values = times + columnBytes;
  const head = values + columnBytes;
  const runs = runsIn(times, values);
  if (runs < 0) {
    return 0;
  }
  const start = block.ensure(headBytes + 2 * columnBytes + <usize>runs * MAX_RUN_BYTES + CRC_BYTES);
  let at = copy(start, head, headBytes);
  at = copy(at, ids, columnBytes);
  at = putRuns(at, times, values);
  at = copy(at, values, columnBytes);
  store<u32>(at, crc32c(start, at));
  blockBytes = <u32>(at + CRC_BYTES - start);
  return start;
}

/** @returns where the next byte goes. */
function copy(to: usize, from: usize, bytes: usize): usize {
  memory.copy(to, from, bytes);
  return to + bytes;
}

/** How many runs of the same time there are; -1 where one of them is too far from 1970, or no number. */
function runsIn(time: usize, end: usize): i32 {
  let runs = 0;
  while (time < end) {
    const current = load<f64>(time);
    if (!(abs(current) <= MAX_TIME)) {
      return -1;
    }
    time = endOfRun(time, end, current);
    runs++;
  }
  return runs;
}

function endOfRun(time: usize, end: usize, current: f64): usize {
  do {
    time += 8;
  } while (time < end && load<f64>(time) === current);
  return time;
}

/** Writes runs: the difference to the time before, in zigzag, and how many samples are in the run. */
function putRuns(at: usize, time: usize, end: usize): usize {
  let before: i64 = 0;
  while (time < end) {
    const current = <i64>load<f64>(time);
    const next = endOfRun(time, end, load<f64>(time));
    const difference = current - before;
    at = putVarint(at, (difference << 1) ^ (difference >> 63));
    at = putVarint(at, (next - time) >> 3);
    before = current;
    time = next;
  }
  return at;
}
