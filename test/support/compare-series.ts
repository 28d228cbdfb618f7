/** Samples by series name, then by time; what a value is compared as is the caller's. */
export type Samples = ReadonlyMap<string, ReadonlyMap<number, string>>;

const SHOWN = 5;

/** A text that is the same for the same labels, in whatever order. */
export function seriesKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Compares what should be with what is, sample by sample.
 * @returns undefined when they are equal, else how many samples are missing, extra or different, with the first few.
 */
export function differences(expected: Samples, actual: Samples): string | undefined {
  const missing = listSamples(expected).filter(([series, time]) => actual.get(series)?.get(time) === undefined);
  const extra = listSamples(actual).filter(([series, time]) => expected.get(series)?.get(time) === undefined);
  const different = listSamples(expected).filter(([series, time, value]) => {
    const stored = actual.get(series)?.get(time);
    return stored !== undefined && stored !== value;
  });
  if (missing.length + extra.length + different.length === 0) {
    return undefined;
  }
  const show = (kind: string, samples: readonly SampleRow[]) => {
    const lines = samples.slice(0, SHOWN).map(([series, time, value]) => {
      const stored = actual.get(series)?.get(time);
      return `  ${series} ${value}@${time}${stored === undefined || stored === value ? "" : ` is ${stored}`}`;
    });
    return [`${samples.length} ${kind}`, ...lines].join("\n");
  };
  return [show("missing", missing), show("extra", extra), show("different", different)].join("\n");
}

type SampleRow = readonly [series: string, timestampMs: number, value: string];

function listSamples(samples: Samples): SampleRow[] {
  return [...samples].flatMap(([series, times]) => [...times].map(([time, value]) => [series, time, value] as const));
}

/** How many samples there are. */
export function sampleCount(samples: Samples): number {
  return [...samples.values()].reduce((sum, times) => sum + times.size, 0);
}
