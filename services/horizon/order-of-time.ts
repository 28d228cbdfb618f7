import type { Slice } from "./slice.ts";

/** Puts rows of a series, from `first` to before `end`, in the order of their times; those of one time stay in the order that they have. */
export function putInOrderOfTime(
  { timestampsMs, valueBits }: Pick<Slice, "timestampsMs" | "valueBits">,
  first: number,
  end: number,
): void {
  const times = timestampsMs.slice(first, end);
  const bits = valueBits.slice(first, end);
  const order = Array.from(times.keys()).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  for (const [i, from] of order.entries()) {
    timestampsMs[first + i] = times[from] ?? 0;
    valueBits[first + i] = bits[from] ?? 0n;
  }
}
