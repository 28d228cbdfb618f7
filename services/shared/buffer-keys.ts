/*
 * Every Redis key that Flux and Horizon use, and nowhere else. A shard's keys share the hash tag {flux:N}, so that
 * they lie in one slot of a Redis Cluster and one script may touch them all. What lives under each:
 *
 *   flux.prometheus_metrics.{flux:N}            set of blocks that Horizon has not claimed
 *   flux.epoch.{flux:N}                         string; changes when Redis lost what Flux had registered
 *   flux.buffer_bytes.{flux:N}                  hash: unclaimed, claimed, unclaimed_since_generation
 *   flux.series.{flux:N}.G                      hash: series id (8 bytes) → registry record
 *   flux.active_series.{flux:N}.G               hash: tenant → number of its series in that generation
 *   flux.generations.{flux:N}                   set of the generations that exist
 *   flux.series_collisions.{flux:N}             hash: label bytes → the id given to them when their own was taken
 *   flux.servers                                hash: tenant NUL server → x-server-url
 *   horizon.lease.{flux:N}, horizon.fence.{flux:N}   who works the shard; the number of its turn
 *   horizon.claims.{flux:N}                     hash: claim id → state of the claim, JSON
 *   horizon.claim.{flux:N}.C                    set of blocks: one claim, renamed from the first key
 *   horizon.parked.{flux:N}                     sorted set: block → ms when its series were first not found
 *   horizon.dead_letters.{flux:N}               stream, bounded
 *   labelled_metrics.ID                         RedisTimeSeries key of a series (ID: 16 hex digits)
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
  readonly claims: string;
  readonly parked: string;
  readonly deadLetters: string;
  series(generation: number): string;
  activeSeries(generation: number): string;
  claim(claimId: string): string;
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
    claims: key("horizon.claims"),
    parked: key("horizon.parked"),
    deadLetters: key("horizon.dead_letters"),
    series: (generation) => `${key("flux.series")}.${generation}`,
    activeSeries: (generation) => `${key("flux.active_series")}.${generation}`,
    claim: (claimId) => `${key("horizon.claim")}.${claimId}`,
  };
}

/** Where the URL of each (tenant, server) is kept. */
export function serversKey(prefix: string): string {
  return `${prefix}flux.servers`;
}

/** The RedisTimeSeries key of a series, from the text form of its id. */
export function timeSeriesKey(prefix: string, seriesId: string): string {
  return `${prefix}labelled_metrics.${seriesId}`;
}
