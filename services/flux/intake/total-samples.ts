/** All samples of counts by reason. */
export function totalSamples(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, samples) => total + samples, 0);
}
