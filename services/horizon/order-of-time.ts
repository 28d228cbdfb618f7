import type { SeriesSamples, Slice } from "./slice.ts";

/** Puts the rows of a series in the order of their times; those of one time stay in the order that they have. */
export function putInOrderOfTime(
  { timestampsMs, valueBits }: Pick<Slice, "timestampsMs" | "valueBits">,
  { first, count }: Pick<SeriesSamples, "first" | "count">,
): void {
  if (isInOrder(timestampsMs, first, count)) {
    return;
  }
  const times = timestampsMs.slice(first, first + count);
  const bits = valueBits.slice(first, first + count);
  const order = Array.from(times.keys()).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  for (const [i, from] of order.entries()) {
    timestampsMs[first + i] = times[from] ?? 0;
    valueBits[first + i] = bits[from] ?? 0n;
  }
}

function isInOrder(timestampsMs: Float64Array, first: number, count: number): boolean {
  for (let row = first + 1; row < first + count; row++) {
    if ((timestampsMs[row - 1] ?? 0) > (timestampsMs[row] ?? 0)) {
      return false;
    }
  }
  return true;
}
