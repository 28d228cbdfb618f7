/**
 * Finds samples that a later one of the same request overwrites: same series, same timestamp. The last one wins, as
 * it would if they came one request after the other; the stores would otherwise each pick their own.
 * @param series the number of each sample's series.
 * @returns the positions of the overwritten samples.
 */
export function overwrittenSamples(
  series: Uint32Array,
  timestampMsOf: (position: number) => number,
): ReadonlySet<number> {
  const lastAt = new Map<number, Map<number, number>>();
  const overwritten = new Set<number>();
  for (const [position, owner] of series.entries()) {
    const timestampMs = timestampMsOf(position);
    let seen = lastAt.get(owner);
    if (!seen) {
      seen = new Map();
      lastAt.set(owner, seen);
    }
    const before = seen.get(timestampMs);
    if (before !== undefined) {
      overwritten.add(before);
    }
    seen.set(timestampMs, position);
  }
  return overwritten;
}
