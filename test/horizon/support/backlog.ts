import { randomFillSync, randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { encodeBlock } from "../../../services/shared/block.ts";
import { type ShardKeys, shardKeys } from "../../../services/shared/buffer-keys.ts";
import { generationAt } from "../../../services/shared/generation.ts";
import { encodeRecord } from "../../../services/shared/registry-record.ts";
import { labelSet } from "./known-series.ts";

const SAMPLES_PER_BLOCK = 2000;
const SERIES_AT_ONCE = 5000;

export interface BacklogSpec {
  /** Of all blocks together, at least. */
  readonly bytes: number;
  readonly claims: number;
  readonly series: number;
}

/**
 * Leaves in shard 0 of an empty Redis what a Horizon leaves whose stores are away: claims of blocks with random values,
 * and the names of their series.
 * @returns how many samples there are, and in how many bytes.
 */
export async function writeBacklog(url: string, spec: BacklogSpec): Promise<{ samples: number; bytes: number }> {
  const redis = new Redis(url);
  const keys = shardKeys("", 0);
  try {
    await registerSeries(redis, keys, spec.series);
    let bytes = 0;
    let samples = 0;
    for (let claim = 0; claim < spec.claims; claim++) {
      const id = randomUUID();
      let claimBytes = 0;
      while (claimBytes < spec.bytes / spec.claims) {
        const block = randomBlock(spec.series, samples);
        await redis.sadd(keys.claim(id), block);
        claimBytes += block.length;
        samples += SAMPLES_PER_BLOCK;
      }
      bytes += claimBytes;
      const claimedAtMs = Date.now() - (spec.claims - claim) * 60_000;
      const state = { id, claimedAtMs, bytes: claimBytes, oldestGeneration: generationAt(Date.now()), sinks: {} };
      await redis.hset(keys.claims, id, JSON.stringify(state));
    }
    await redis.hset(keys.bytes, "claimed", bytes);
    return { samples, bytes };
  } finally {
    redis.disconnect();
  }
}

async function registerSeries(redis: Redis, keys: ShardKeys, series: number): Promise<void> {
  const generation = generationAt(Date.now());
  for (let start = 0; start < series; start += SERIES_AT_ONCE) {
    const pairs: Buffer[] = [];
    for (let i = start; i < Math.min(start + SERIES_AT_ONCE, series); i++) {
      const id = Buffer.alloc(8);
      id.writeBigUInt64LE(BigInt(i));
      const labels = {
        __name__: "backlog_requests_total",
        instance: `host-${i % 500}:9100`,
        path: `/api/v1/thing/${i}`,
      };
      const owner = { _tenant_id: "t1", _server_id: "s1", job: "node", region: "eu-central-1" };
      pairs.push(id, encodeRecord(labelSet({ ...labels, ...owner }), "counter"));
    }
    await redis.hset(keys.series(generation), ...pairs);
  }
  await redis.sadd(keys.generations, generation);
}

/** @param first the number of its first sample, of all. */
function randomBlock(series: number, first: number): Buffer {
  const numbers = Array.from({ length: SAMPLES_PER_BLOCK }, (_, i) => first + i);
  const minuteMs = Date.now() - (Date.now() % 60_000);
  return encodeBlock({
    owner: { tenant: "t1", server: "s1", namespace: "ns" },
    generation: generationAt(Date.now()),
    samples: {
      ids: BigUint64Array.from(numbers, (i) => BigInt(i % series)),
      timestampsMs: Float64Array.from(numbers, (i) => minuteMs - Math.floor(i / series) * 15_000),
      valueBits: randomFillSync(new BigUint64Array(SAMPLES_PER_BLOCK)),
    },
  });
}
