import type { SeriesSamples, Slice } from "../../slice.ts";

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
  readonly groups: readonly SeriesSamples[];
}

/** Cuts a slice into requests. */
export function cutBatches(slice: Slice, limits: BatchLimits): Batch[] {
  const batches: Batch[] = [];
  for (const [tenant, groups] of limits.perTenant ? byTenant(slice.groups) : [["", slice.groups] as const]) {
    for (const cut of cutGroups(groups, limits)) {
      batches.push({ tenant, groups: cut });
    }
  }
  return batches;
}

function* cutGroups(groups: readonly SeriesSamples[], limits: BatchLimits): Generator<SeriesSamples[]> {
  let batch: SeriesSamples[] = [];
  let samples = 0;
  let bytes = 0;
  for (const group of groups) {
    for (const piece of cutSeries(group, limits.maxSamples)) {
      const size = mostBytes(piece);
      const isFull = samples + piece.count > limits.maxSamples || bytes + size > limits.maxBytes;
      if (isFull && batch.length > 0) {
        yield batch;
        batch = [];
        samples = 0;
        bytes = 0;
      }
      batch.push(piece);
      samples += piece.count;
      bytes += size;
    }
  }
  if (batch.length > 0) {
    yield batch;
  }
}

function cutSeries(group: SeriesSamples, maxSamples: number): SeriesSamples[] {
  if (group.count <= maxSamples) {
    return [group];
  }
  const pieces: SeriesSamples[] = [];
  for (let start = 0; start < group.count; start += maxSamples) {
    pieces.push({ ...group, first: group.first + start, count: Math.min(maxSamples, group.count - start) });
  }
  return pieces;
}

/** What a series takes in a request, or a little more. */
function mostBytes({ series: { start, end }, count }: SeriesSamples): number {
  return MAX_SERIES_HEAD_BYTES + end - start + MAX_SAMPLE_BYTES * count;
}

function byTenant(groups: readonly SeriesSamples[]): ReadonlyMap<string, readonly SeriesSamples[]> {
  const tenants = new Map<string, SeriesSamples[]>();
  for (const group of groups) {
    const known = tenants.get(group.tenant);
    if (known) {
      known.push(group);
    } else {
      tenants.set(group.tenant, [group]);
    }
  }
  return tenants;
}
