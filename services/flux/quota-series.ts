import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { quotaKey, shardKeys } from "../shared/buffer-keys.ts";
import { decodeLabels } from "../shared/label-bytes.ts";
import { compilePatterns, type PatternLimits, type PatternMatcher, seriesSubject } from "../shared/pattern-matcher.ts";
import { compareUtf8, formatSeriesName, type LabelSet } from "../shared/series.ts";
import { type SeriesHasher, shardOf } from "../shared/series-id.ts";

/*
 * What an operator does with the series that have a place in the quota of a namespace (FLUX_NAMESPACE_QUOTAS).
 */

/** The commands that listing and removing take. */
export type QuotaRedis = Pick<Redis, "sscanBuffer" | "srem" | "set">;

/** Which series to remove: those with one of these names, and those that one of these patterns matches. */
export interface QuotaSelection {
  readonly namespace: string;
  /** As `listQuotaSeries` gives them: `name{_tenant_id="T",_server_id="S",a="1"}`. */
  readonly names: readonly string[];
  /** As in DROP_METRICS. */
  readonly patterns: readonly string[];
}

export interface QuotaRemovalOptions {
  readonly keyPrefix: string;
  /** HORIZON_SHARDS. */
  readonly shards: number;
  readonly hasher: SeriesHasher;
  readonly patternLimits: PatternLimits;
  /** Whether only to say what would be removed. */
  readonly dryRun: boolean;
}

export type QuotaRemoval = { ok: true; removed: readonly string[] } | { ok: false; detail: string };

const SERIES_PER_COMMAND = 1000;

/**
 * The names of all series that have a place in a namespace's quota, in the order of their bytes.
 * @throws when Redis does not answer or refuses.
 */
export async function listQuotaSeries(
  redis: Pick<QuotaRedis, "sscanBuffer">,
  keyPrefix: string,
  namespace: string,
): Promise<string[]> {
  const names = new Set<string>();
  for await (const { name } of placedSeries(redis, quotaKey(keyPrefix, namespace))) {
    names.add(name);
  }
  return [...names].sort(compareUtf8);
}

/**
 * Takes the places of series away. Flux asks for places again, because the epoch of every shard that has one of the
 * series is another one now: from when this returns, none of them is stored without a new place. One that is still sent
 * asks like a new series; a rule that drops it keeps it away.
 * @returns the names removed, or in `detail` which pattern cannot be used. @throws when Redis does not answer or refuses.
 */
export async function removeQuotaSeries(
  redis: QuotaRedis,
  { namespace, names, patterns }: QuotaSelection,
  options: QuotaRemovalOptions,
): Promise<QuotaRemoval> {
  const compiled = compilePatterns(patterns, options.patternLimits);
  if (!compiled.ok) {
    return { ok: false, detail: `cannot remove series: ${compiled.detail}` };
  }
  const key = quotaKey(options.keyPrefix, namespace);
  const selected = await select(redis, key, new Set(names), compiled.matcher);
  if (!options.dryRun) {
    await takePlaces(redis, key, [...selected.values()]);
    await askAgain(redis, [...selected.values()], options);
  }
  return { ok: true, removed: [...selected.keys()].sort(compareUtf8) };
}

/** A series that has a place. */
interface Placed {
  readonly name: string;
  readonly labels: LabelSet;
  readonly labelBytes: Buffer;
}

/** Some may come twice: SSCAN does that while the set grows or shrinks. */
async function* placedSeries(redis: Pick<QuotaRedis, "sscanBuffer">, key: string): AsyncGenerator<Placed> {
  let cursor = "0";
  do {
    const [next, members] = await redis.sscanBuffer(key, cursor, "COUNT", SERIES_PER_COMMAND);
    for (const labelBytes of members) {
      const labels = decodeLabels(labelBytes) ?? [];
      yield { name: formatSeriesName(labels), labels, labelBytes };
    }
    cursor = next.toString();
  } while (cursor !== "0");
}

/** The label bytes of the selected series, by name. */
async function select(
  redis: QuotaRedis,
  key: string,
  names: ReadonlySet<string>,
  matcher: PatternMatcher,
): Promise<Map<string, Buffer>> {
  const selected = new Map<string, Buffer>();
  for await (const { name, labels, labelBytes } of placedSeries(redis, key)) {
    if (names.has(name) || matcher.match(seriesSubject(labels))) {
      selected.set(name, labelBytes);
    }
  }
  return selected;
}

async function takePlaces(redis: QuotaRedis, key: string, members: readonly Buffer[]): Promise<void> {
  for (let start = 0; start < members.length; start += SERIES_PER_COMMAND) {
    await redis.srem(key, ...members.slice(start, start + SERIES_PER_COMMAND));
  }
}

async function askAgain(
  redis: QuotaRedis,
  members: readonly Buffer[],
  { keyPrefix, shards, hasher }: QuotaRemovalOptions,
): Promise<void> {
  const touched = new Set(members.map((labelBytes) => shardOf(hasher.idOf(labelBytes, 0), shards)));
  for (const shard of touched) {
    await redis.set(shardKeys(keyPrefix, shard).epoch, randomUUID());
  }
}
