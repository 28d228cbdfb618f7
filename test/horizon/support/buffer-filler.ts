import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { encodeBlock } from "../../../services/shared/block.ts";
import { shardKeys } from "../../../services/shared/buffer-keys.ts";
import { encodeLabels } from "../../../services/shared/label-bytes.ts";
import { loadScripts, type RunScript } from "../../../services/shared/redis-scripts/run-script.ts";
import { packRegistrations } from "../../../services/shared/registrations.ts";
import { encodeRecord } from "../../../services/shared/registry-record.ts";
import { formatSeriesId } from "../../../services/shared/series.ts";
import { createSeriesHasher, idBytes, type SeriesHasher } from "../../../services/shared/series-id.ts";
import { bitsOf } from "../../support/special-values.ts";
import { labelSet } from "./known-series.ts";

/** One sample: the labels of its series without tenant and server, its time in ms, its value or the value's 64 bits. */
export type SampleSpec = readonly [
  labels: Readonly<Record<string, string>>,
  timestampMs: number,
  value: number | bigint,
];

export interface BlockSpec {
  readonly tenant?: string;
  readonly server?: string;
  readonly namespace?: string;
  readonly generation: number;
  readonly samples: readonly SampleSpec[];
}

/** Writes to the buffer what Flux would write. */
export interface BufferFiller {
  /** The labels that a series has in the stores. */
  fullLabels(block: BlockSpec, labels: Readonly<Record<string, string>>): Record<string, string>;
  /** The text of a series' id. */
  idOf(block: BlockSpec, labels: Readonly<Record<string, string>>): string;
  /** Commits a block together with its series, by the script that Flux uses. */
  write(block: BlockSpec): Promise<void>;
  /** Commits a block and registers none of its series. */
  writeUnregistered(block: BlockSpec): Promise<void>;
  /** Registers the series of a block, without the block. */
  register(block: BlockSpec): Promise<void>;
  /** Puts any bytes among the blocks. */
  writeBytes(bytes: Buffer): Promise<void>;
}

/** @param shard the shard of which it fills the buffer, whatever series come. */
export async function createBufferFiller(redis: Redis, keyPrefix: string, shard = 0): Promise<BufferFiller> {
  const hasher = await createSeriesHasher();
  const runScript = loadScripts(redis);
  const keys = shardKeys(keyPrefix, shard);

  async function commit(generation: number, tenant: string, bytes: Buffer, series: Records): Promise<void> {
    const touched = [keys.epoch, keys.blocks, keys.series(generation), keys.activeSeries(generation)];
    const allKeys = [...touched, keys.collisions, keys.bytes, keys.generations];
    const { ids, records } = packRegistrations(series);
    const args = [randomUUID(), tenant, generation, 3_600_000, 1e9, bytes, ids, records];
    const epoch = (await redis.get(keys.epoch)) ?? "";
    let reply = await send(runScript, allKeys, [epoch, ...args]);
    if (reply[0] === "epoch") {
      reply = await send(runScript, allKeys, [reply[1] ?? "", ...args]);
    }
    if (reply[0] !== "ok") {
      throw new Error(`cannot fill the buffer: ${reply.join(" ")}`);
    }
  }

  return {
    fullLabels,
    idOf: (block, labels) => formatSeriesId(idOf(hasher, block, labels)),
    write: (block) => commit(block.generation, tenantOf(block), blockBytes(hasher, block), recordsOf(hasher, block)),
    writeUnregistered: (block) => commit(block.generation, tenantOf(block), blockBytes(hasher, block), new Map()),
    register: async (block) => {
      const pairs = [...recordsOf(hasher, block)].flatMap(([id, record]) => [idBytes(id), record]);
      await redis.hset(keys.series(block.generation), ...pairs);
      await redis.sadd(keys.generations, block.generation);
    },
    writeBytes: async (bytes) => {
      await redis.sadd(keys.blocks, bytes);
    },
  };
}

async function send(runScript: RunScript, keys: string[], args: (string | number | Buffer)[]): Promise<string[]> {
  const reply = await runScript("commit-block", keys, args);
  return Array.isArray(reply) ? reply.map(String) : [];
}

function fullLabels(block: BlockSpec, labels: Readonly<Record<string, string>>): Record<string, string> {
  return { ...labels, _tenant_id: tenantOf(block), _server_id: block.server ?? "s1" };
}

function idOf(hasher: SeriesHasher, block: BlockSpec, labels: Readonly<Record<string, string>>): bigint {
  return hasher.idOf(encodeLabels(labelSet(fullLabels(block, labels))), 0);
}

function blockBytes(hasher: SeriesHasher, block: BlockSpec): Buffer {
  const { samples, generation, server = "s1", namespace = "ns" } = block;
  return encodeBlock({
    owner: { tenant: tenantOf(block), server, namespace },
    generation,
    samples: {
      ids: BigUint64Array.from(samples.map(([labels]) => idOf(hasher, block, labels))),
      timestampsMs: Float64Array.from(samples.map(([, timestampMs]) => timestampMs)),
      valueBits: BigUint64Array.from(samples.map(([, , value]) => (typeof value === "bigint" ? value : bitsOf(value)))),
    },
  });
}

/** Registry records by id. */
type Records = ReadonlyMap<bigint, Buffer>;

function recordsOf(hasher: SeriesHasher, block: BlockSpec): Records {
  const records = new Map<bigint, Buffer>();
  for (const [labels] of block.samples) {
    records.set(idOf(hasher, block, labels), encodeRecord(labelSet(fullLabels(block, labels)), "gauge"));
  }
  return records;
}

function tenantOf({ tenant = "t1" }: BlockSpec): string {
  return tenant;
}
