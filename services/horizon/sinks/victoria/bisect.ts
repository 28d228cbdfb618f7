import type { SeriesSamples } from "../../slice.ts";

/** What a store said to a request that no later try can change. */
export type SendOutcome = { ok: true } | { ok: false; status: number; words: string };
/** A series, or some samples of it, that the store refuses standing alone. */
export interface RefusedGroup {
  readonly group: SeriesSamples;
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
  groups: readonly SeriesSamples[],
  send: (groups: readonly SeriesSamples[]) => Promise<SendOutcome>,
): Promise<RefusedGroup[]> {
  const outcome = await send(groups);
  if (outcome.ok) {
    return [];
  }
  const [first, ...others] = groups;
  if (!first) {
    return [];
  }
  if (others.length > 0) {
    const middle = groups.length >> 1;
    return [
      ...(await sendOrBisect(groups.slice(0, middle), send)),
      ...(await sendOrBisect(groups.slice(middle), send)),
    ];
  }
  const { first: row, count } = first;
  if (outcome.status === TOO_LARGE && count > 1) {
    const middle = count >> 1;
    return [
      ...(await sendOrBisect([{ ...first, count: middle }], send)),
      ...(await sendOrBisect([{ ...first, first: row + middle, count: count - middle }], send)),
    ];
  }
  return [{ group: first, status: outcome.status, words: outcome.words }];
}
