/*
 * Every Redis key that Flux and Horizon use, and nowhere else. A shard's keys share the hash tag {flux:N}, so that
 * they lie in one slot of a Redis Cluster and one script may touch them all. What lives under each:
 *
 *   flux.prometheus_metrics.{flux:N}            set of blocks that Horizon has not claimed
 *   flux.epoch.{flux:N}                         string; changes when Redis lost what Flux had registered
 *   flux.buffer_bytes.{flux:N}                  hash: unclaimed, claimed, unclaimed_since_generation, last_claim_ms
 *   flux.series.{flux:N}.G                      hash: series id (8 bytes) → registry record
 *   flux.active_series.{flux:N}.G               hash: tenant → number of its series in that generation
 *   flux.generations.{flux:N}                   set of the generations that exist
 *   flux.series_collisions.{flux:N}             hash: label bytes → the id given to them when their own was taken
 *   flux.active_this_hour.{TENANT}              set: ids of its series that its limit admitted in this generation
 *   flux.active_last_hour.{TENANT}              set: those of the generation before
 *   flux.active_count.{TENANT}                  hash: generation, fresh (how many of the first are not in the second)
 *   flux.quota.namespace_metrics.{NAMESPACE}    set: label bytes of the series that have a place in its quota, for ever
 *   flux.servers                                hash: tenant NUL server → x-server-url
 *   flux.prometheus_metrics                     set of Skyline's members, where BUFFER_FORMAT is skyline (skyline-member.ts)
 *   flux.prometheus_metrics.servers             hash, there alone: tenant.server → x-server-url
 *   flux.metadata.{flux:metadata}.T/S           hash: metric family → metadata record, of tenant T and server S
 *   flux.metadata_servers.{flux:metadata}.T     sorted set: server → microseconds since 1970 when its metadata changed
 *   flux.metadata_tenants.{flux:metadata}       sorted set: tenant → the same, of any of its servers
 *   horizon.instances                           sorted set: each Horizon → ms by Redis' clock when it counts as gone
 *   horizon.lease.{flux:N}, horizon.fence.{flux:N}   who works the shard; the number of its turn
 *   horizon.worker.{flux:N}                     string: who took the shard last and has not given it back
 *   horizon.claims.{flux:N}                     hash: claim id → state of the claim, JSON
 *   horizon.claim.{flux:N}.C                    set of blocks: one claim, renamed from the first key
 *   horizon.parked.{flux:N}                     sorted set: block → ms when its series were first not found
 *   horizon.dead_letters.{flux:N}               stream of dead letters (dead-letters.ts), bounded
 *   horizon.dead_letter_marks.{flux:N}          hash: mark of a letter → its id in the stream
 *   horizon.dead_letter_counts.{flux:N}         hash: bytes of the letters; evicted (how many were pushed out, for ever)
 *
 * And in the Redis of the time series, which may be another:
 *
 *   labelled_metrics.ID                         RedisTimeSeries key of a series (ID: 16 hex digits)
 *   horizon.timeseries_policy                   string: the settings that series were last made to follow
 *   horizon.timeseries_fence.{flux:N}           string: token of the lease under which the shard's series may be written
 *   horizon.timeseries_slots.{flux:N}.G         string: stamp, then ids of series; G is no hour (series-slots.ts)
 *   horizon.timeseries_newest.{flux:N}.R.T      string: which samples stand in the bucket of R ms from T (bucket-records.ts)
 */

/** Keys of one shard of the buffer. `prefix` sets instances that share one Redis apart; it is empty by default. */
export interface ShardKeys {
  readonly blocks: string;
  readonly epoch: string;
  readonly bytes: string;
  readonly generations: string;
  readonly collisions: string;
  readonly lease: string;
  readonly fence: string;
  readonly worker: string;
  readonly claims: string;
  readonly parked: string;
  readonly deadLetters: string;
  readonly deadLetterMarks: string;
  readonly deadLetterCounts: string;
  series(generation: number): string;
  activeSeries(generation: number): string;
  claim(claimId: string): string;
  readonly timeSeriesFence: string;
  timeSeriesSlots(generation: number): string;
  timeSeriesNewest(resolutionMs: number, startMs: number): string;
}

/** The keys of shard number `shard`. */
export function shardKeys(prefix: string, shard: number): ShardKeys {
  const tag = `{flux:${shard}}`;
  const key = (name: string) => `${prefix}${name}.${tag}`;
  return {
    blocks: key("flux.prometheus_metrics"),
    epoch: key("flux.epoch"),
    bytes: key("flux.buffer_bytes"),
    generations: key("flux.generations"),
    collisions: key("flux.series_collisions"),
    lease: key("horizon.lease"),
    fence: key("horizon.fence"),
    worker: key("horizon.worker"),
    claims: key("horizon.claims"),
    parked: key("horizon.parked"),
    deadLetters: key("horizon.dead_letters"),
    deadLetterMarks: key("horizon.dead_letter_marks"),
    deadLetterCounts: key("horizon.dead_letter_counts"),
    series: (generation) => `${key("flux.series")}.${generation}`,
    activeSeries: (generation) => `${key("flux.active_series")}.${generation}`,
    claim: (claimId) => `${key("horizon.claim")}.${claimId}`,
    timeSeriesFence: key("horizon.timeseries_fence"),
    timeSeriesSlots: (generation) => `${key("horizon.timeseries_slots")}.${generation}`,
    timeSeriesNewest: (resolutionMs, startMs) => `${key("horizon.timeseries_newest")}.${resolutionMs}.${startMs}`,
  };
}

/** Keys of the active series of a tenant with a limit. They are of no shard: a tenant has series in all of them. */
export interface ActiveSeriesKeys {
  readonly thisHour: string;
  readonly lastHour: string;
  readonly count: string;
}

export function activeSeriesKeys(prefix: string, tenant: string): ActiveSeriesKeys {
  return {
    thisHour: `${prefix}flux.active_this_hour.{${tenant}}`,
    lastHour: `${prefix}flux.active_last_hour.{${tenant}}`,
    count: `${prefix}flux.active_count.{${tenant}}`,
  };
}

/** Where the series are kept that have a place in the quota of a namespace. */
export function quotaKey(prefix: string, namespace: string): string {
  return `${prefix}flux.quota.namespace_metrics.{${namespace}}`;
}

/** Where metadata is kept; all in one slot of a Redis Cluster. What nobody sends any more expires. */
export interface MetadataKeys {
  readonly tenants: string;
  servers(tenant: string): string;
  families(tenant: string, server: string): string;
}

/** The keys of metadata. Neither tenants nor servers may have a slash in their names, so two of them are never one key. */
export function metadataKeys(prefix: string): MetadataKeys {
  const key = (name: string) => `${prefix}${name}.{flux:metadata}`;
  return {
    tenants: key("flux.metadata_tenants"),
    servers: (tenant) => `${key("flux.metadata_servers")}.${tenant}`,
    families: (tenant, server) => `${key("flux.metadata")}.${tenant}/${server}`,
  };
}

/** Where every Horizon says that it is there. */
export function instancesKey(prefix: string): string {
  return `${prefix}horizon.instances`;
}

/** Where the URL of each (tenant, server) is kept. */
export function serversKey(prefix: string): string {
  return `${prefix}flux.servers`;
}

/** The keys that Skyline's Flux writes and its Horizon reads: they have no hash tag. */
export function skylineKeys(prefix: string): { readonly members: string; readonly servers: string } {
  return { members: `${prefix}flux.prometheus_metrics`, servers: `${prefix}flux.prometheus_metrics.servers` };
}

/** Where it stands which settings time series were last made to follow. */
export function timeSeriesPolicyKey(prefix: string): string {
  return `${prefix}horizon.timeseries_policy`;
}

/** The RedisTimeSeries key of a series, from the text form of its id. */
export function timeSeriesKey(prefix: string, seriesId: string): string {
  return `${prefix}labelled_metrics.${seriesId}`;
}

/** Names of the keys that hold blocks, before the shard's tag. */
const BLOCK_KEYS = ["flux.prometheus_metrics", "horizon.claim", "horizon.parked"];

/** Of which shard, and of which instance (`prefix`), a key that holds blocks is; undefined for any other key. */
export function shardOfKey(key: string): { prefix: string; shard: number } | undefined {
  const [, before = "", shard] = /^(.*)\.\{flux:(\d+)\}(?:\.[^{}]*)?$/.exec(key) ?? [];
  const name = BLOCK_KEYS.find((known) => before.endsWith(known));
  return name === undefined ? undefined : { prefix: before.slice(0, -name.length), shard: Number(shard) };
}
