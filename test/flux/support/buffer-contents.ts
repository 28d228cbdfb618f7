import assert from "node:assert/strict";
import type { Redis } from "ioredis";
import { type Block, decodeBlock } from "../../../services/shared/block.ts";
import { shardKeys } from "../../../services/shared/buffer-keys.ts";
import { decodeRecord } from "../../../services/shared/registry-record.ts";
import { formatSeriesName, type LabelSet, labelValue, TENANT_LABEL } from "../../../services/shared/series.ts";
import { idBytes } from "../../../services/shared/series-id.ts";

/** A sample that waits for Horizon, under the name that the registry has of its series. */
export interface BufferedSample {
  /** Whose block it is in. */
  readonly tenant: string;
  readonly server: string;
  readonly namespace: string;
  /** `name{_tenant_id="T",_server_id="S",a="1"}` */
  readonly series: string;
  readonly labels: LabelSet;
  readonly timestampMs: number;
  readonly bits: bigint;
}

/**
 * Everything that waits in the buffer, read back as Horizon does.
 * @throws AssertionError where a block is damaged, a series unknown, or a series is not of the block's own tenant.
 */
export async function bufferedSamples(redis: Redis, prefix: string, shards = 1): Promise<BufferedSample[]> {
  const found: BufferedSample[] = [];
  for (let shard = 0; shard < shards; shard++) {
    for (const bytes of await redis.smembersBuffer(shardKeys(prefix, shard).blocks)) {
      const decoded = decodeBlock(bytes);
      assert.ok(decoded.ok, "a block is damaged");
      found.push(...(await samplesOf(redis, prefix, shard, decoded.block)));
    }
  }
  return found;
}

async function samplesOf(redis: Redis, prefix: string, shard: number, block: Block): Promise<BufferedSample[]> {
  const { owner, generation, samples } = block;
  const ids = [...samples.ids];
  const records = await redis.hmgetBuffer(shardKeys(prefix, shard).series(generation), ...ids.map(idBytes));
  return ids.map((_, i) => {
    const record = records[i];
    const labels = record && decodeRecord(record)?.labels;
    assert.ok(labels, "a series of a block is not in the registry");
    assert.equal(labelValue(labels, TENANT_LABEL), owner.tenant, "a block holds a series of another tenant");
    const { tenant, server, namespace } = owner;
    const at = { timestampMs: samples.timestampsMs[i] ?? 0, bits: samples.valueBits[i] ?? 0n };
    return { tenant, server, namespace, series: formatSeriesName(labels), labels, ...at };
  });
}
