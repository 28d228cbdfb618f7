import type { Redis } from "ioredis";
import { type KnownSeries, labelsOf } from "../horizon/known-series.ts";
import { SeriesCache } from "../horizon/series-cache.ts";
import type { Block } from "../shared/block.ts";
import type { ShardKeys } from "../shared/buffer-keys.ts";
import { formatSeriesName, type SeriesId } from "../shared/series.ts";
import type { NameOf } from "./block-text.ts";

/**
 * Looks the series of a block up in a shard's registry, as Horizon does.
 * @returns what finds their names; those that the registry does not know have none.
 * @throws when Redis does not answer.
 */
export async function readSeriesNames(redis: Redis, keys: ShardKeys, block: Block): Promise<NameOf> {
  const known = await knownSeriesOf(new SeriesCache({ redis, keys, maxSeries: block.samples.ids.length }), block);
  return (id) => {
    const series = known.get(id);
    return series ? formatSeriesName(labelsOf(series)) : "(not in the registry)";
  };
}

/** How many series of a block the registry does not know, each once. @throws when Redis does not answer. */
export async function countUnknownSeries(cache: SeriesCache, block: Block): Promise<number> {
  return new Set(block.samples.ids).size - (await knownSeriesOf(cache, block)).size;
}

async function knownSeriesOf(cache: SeriesCache, block: Block): Promise<Map<SeriesId, KnownSeries>> {
  const ids = [...new Set(block.samples.ids)];
  // Horizon wants all series of a block or none. Asked for one by one, each that is known is found.
  const found = await cache.resolve(
    ids.map((id) => ({ ...block, samples: { ...block.samples, ids: BigUint64Array.of(id) } })),
  );
  const known = new Map<SeriesId, KnownSeries>();
  for (const [i, id] of ids.entries()) {
    const one = found[i];
    const [number] = one?.numbers ?? [];
    if (one && number !== undefined) {
      known.set(id, one.table.at(number));
    }
  }
  return known;
}
