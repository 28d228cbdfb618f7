import type { SeriesRuns } from "../../../kernel/body-writer.ts";
import { sliceRuns } from "./batches.ts";

/** What a store said to a request that no later try can change. */
export type SendOutcome = { ok: true } | { ok: false; status: number; words: string };

/** Rows of one series that the store refuses standing alone. */
export interface RefusedRun {
  /** The number of its group in the slice. */
  readonly group: number;
  readonly first: number;
  readonly count: number;
  readonly status: number;
  readonly words: string;
}

const TOO_LARGE = 413;

/**
 * Sends samples, and where the store refuses them sends halves, until the bad series stand alone. A series that is
 * too large by itself is halved by its samples.
 * @param send throws when the store takes nothing now.
 * @returns what is refused; everything else is accepted.
 */
export async function sendOrBisect(
  runs: SeriesRuns,
  send: (runs: SeriesRuns) => Promise<SendOutcome>,
): Promise<RefusedRun[]> {
  const outcome = await send(runs);
  const { length } = runs.groups;
  if (outcome.ok || length === 0) {
    return [];
  }
  if (length > 1) {
    const middle = length >> 1;
    return [
      ...(await sendOrBisect(sliceRuns(runs, 0, middle), send)),
      ...(await sendOrBisect(sliceRuns(runs, middle, length), send)),
    ];
  }
  const [group = 0] = runs.groups;
  const [first = 0] = runs.firsts;
  const [count = 0] = runs.counts;
  if (outcome.status === TOO_LARGE && count > 1) {
    const middle = count >> 1;
    return [
      ...(await sendOrBisect(rowsOf(group, first, middle), send)),
      ...(await sendOrBisect(rowsOf(group, first + middle, count - middle), send)),
    ];
  }
  return [{ group, first, count, status: outcome.status, words: outcome.words }];
}

function rowsOf(group: number, first: number, count: number): SeriesRuns {
  return { groups: Int32Array.of(group), firsts: Int32Array.of(first), counts: Int32Array.of(count) };
}
