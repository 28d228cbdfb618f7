import type { SeriesRuns } from "../../../kernel/body-writer.ts";
import type { SampleGroups } from "../../sample-groups.ts";

/** A sample with the ten bytes that a time may take, and tag and length of a series of 28 bits. */
const MAX_SAMPLE_BYTES = 22;
const MAX_SERIES_HEAD_BYTES = 5;

/** What a request may hold. */
export interface BatchLimits {
  readonly maxSamples: number;
  /** Before compression. */
  readonly maxBytes: number;
  /** Whether a request may only have samples of one tenant. */
  readonly perTenant: boolean;
}

/** The samples of one request. All are of this tenant when batches are made per tenant; else it means nothing. */
export interface Batch {
  readonly tenant: string;
  readonly runs: SeriesRuns;
}

/** Cuts some groups of a slice into requests. @param chosen their numbers. */
export function cutBatches(groups: SampleGroups, chosen: Int32Array, limits: BatchLimits): Batch[] {
  if (!limits.perTenant) {
    return cutRuns(groups, runsOf(groups, chosen, limits.maxSamples), limits).map((runs) => ({ tenant: "", runs }));
  }
  return [...byTenant(groups, chosen)].flatMap(([tenant, own]) =>
    cutRuns(groups, runsOf(groups, Int32Array.from(own), limits.maxSamples), limits).map((runs) => ({ tenant, runs })),
  );
}

/** Some of the runs, from one to before another. */
export function sliceRuns({ groups, firsts, counts }: SeriesRuns, from: number, to: number): SeriesRuns {
  return { groups: groups.subarray(from, to), firsts: firsts.subarray(from, to), counts: counts.subarray(from, to) };
}

/** The rows of groups; those of a long series are cut. */
function runsOf({ starts }: SampleGroups, chosen: Int32Array, maxSamples: number): SeriesRuns {
  let total = 0;
  for (const group of chosen) {
    total += Math.ceil(((starts[group + 1] ?? 0) - (starts[group] ?? 0)) / maxSamples);
  }
  const [groups, firsts, counts] = [new Int32Array(total), new Int32Array(total), new Int32Array(total)];
  let run = 0;
  for (const group of chosen) {
    const end = starts[group + 1] ?? 0;
    for (let first = starts[group] ?? 0; first < end; first += maxSamples) {
      groups[run] = group;
      firsts[run] = first;
      counts[run++] = Math.min(maxSamples, end - first);
    }
  }
  return { groups, firsts, counts };
}

function cutRuns({ numbers, table }: SampleGroups, runs: SeriesRuns, limits: BatchLimits): SeriesRuns[] {
  const { starts, ends } = table;
  const cut: SeriesRuns[] = [];
  let begin = 0;
  let samples = 0;
  let bytes = 0;
  for (let run = 0; run < runs.groups.length; run++) {
    const count = runs.counts[run] ?? 0;
    const number = numbers[runs.groups[run] ?? 0] ?? 0;
    const labelBytes = (ends[number] ?? 0) - (starts[number] ?? 0);
    // What a series takes in a request, or a little more.
    const size = MAX_SERIES_HEAD_BYTES + labelBytes + MAX_SAMPLE_BYTES * count;
    if (run > begin && (samples + count > limits.maxSamples || bytes + size > limits.maxBytes)) {
      cut.push(sliceRuns(runs, begin, run));
      begin = run;
      samples = 0;
      bytes = 0;
    }
    samples += count;
    bytes += size;
  }
  return runs.groups.length > begin ? [...cut, sliceRuns(runs, begin, runs.groups.length)] : cut;
}

function byTenant({ owners, ownerNumbers }: SampleGroups, chosen: Int32Array): ReadonlyMap<string, readonly number[]> {
  const tenants = new Map<string, number[]>();
  for (const group of chosen) {
    const tenant = owners[ownerNumbers[group] ?? -1]?.tenant ?? "";
    const known = tenants.get(tenant);
    if (known) {
      known.push(group);
    } else {
      tenants.set(tenant, [group]);
    }
  }
  return tenants;
}
