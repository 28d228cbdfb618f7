import type { Redis } from "ioredis";
import { parseClaimState } from "../../../../services/horizon/claim-state.ts";
import { type Block, decodeBlock } from "../../../../services/shared/block.ts";
import type { ShardKeys } from "../../../../services/shared/buffer-keys.ts";
import { formatSeriesId } from "../../../../services/shared/series.ts";
import { idBytes } from "../../../../services/shared/series-id.ts";
import type { StoreName } from "./operations.ts";
import { sampleKey } from "./truth.ts";

/** A block as it lies in Redis; undefined where it cannot be read. */
export interface SeenBlock {
  readonly bytes: Buffer;
  readonly block: Block | undefined;
  readonly sampleKeys: readonly string[];
}

/** What Redis holds of a shard. */
export interface BufferView {
  readonly blocks: readonly SeenBlock[];
  readonly claimed: readonly SeenBlock[];
  readonly parked: readonly SeenBlock[];
  readonly claimCount: number;
  /** What the claims say that they take. */
  readonly claimedBytes: number;
  readonly counters: { readonly unclaimed: number; readonly claimed: number };
  readonly letters: readonly { readonly reason: string; readonly seen: SeenBlock }[];
  /** Samples in dead letters, "<store> <sample>". */
  readonly refused: ReadonlySet<string>;
}

export async function viewBuffer(redis: Redis, keys: ShardKeys): Promise<BufferView> {
  const [blocks, parked, states, counters, letters] = await Promise.all([
    redis.smembersBuffer(keys.blocks),
    redis.zrangeBuffer(keys.parked, 0, "-1"),
    redis.hgetall(keys.claims),
    redis.hmget(keys.bytes, "unclaimed", "claimed"),
    redis.xrangeBuffer(keys.deadLetters, "-", "+"),
  ]);
  const claims = Object.entries(states).map(([id, text]) => parseClaimState(id, text));
  const claimed = await Promise.all(claims.map(({ id }) => redis.smembersBuffer(keys.claim(id))));
  const fields = letters.map(([, row]) => fieldsOf(row));
  const [unclaimed, inClaims] = counters.map((text) => Number(text ?? 0));
  return {
    blocks: blocks.map(seenBlock),
    claimed: claimed.flat().map(seenBlock),
    parked: parked.map(seenBlock),
    claimCount: claims.length,
    claimedBytes: claims.reduce((sum, { bytes }) => sum + bytes, 0),
    counters: { unclaimed: unclaimed ?? 0, claimed: inClaims ?? 0 },
    letters: fields.flatMap((row) => {
      const bytes = row.get("block");
      return bytes ? [{ reason: String(row.get("reason")), seen: seenBlock(bytes) }] : [];
    }),
    refused: new Set(fields.flatMap(refusedSamples)),
  };
}

/** The blocks among these of which the registry does not know a series in the generation that they name. */
export async function unregistered(redis: Redis, keys: ShardKeys, seen: readonly SeenBlock[]): Promise<SeenBlock[]> {
  const readable = seen.flatMap((one) => (one.block ? [{ one, block: one.block }] : []));
  const records = await Promise.all(
    readable.map(({ block }) => redis.hmget(keys.series(block.generation), ...[...block.samples.ids].map(idBytes))),
  );
  return readable.flatMap(({ one }, i) => (records[i]?.includes(null) ? [one] : []));
}

function seenBlock(bytes: Buffer): SeenBlock {
  const decoded = decodeBlock(bytes);
  if (!decoded.ok) {
    return { bytes, block: undefined, sampleKeys: [] };
  }
  const { ids, timestampsMs, valueBits } = decoded.block.samples;
  const sampleKeys = [...ids].map((id, i) => sampleKey(formatSeriesId(id), timestampsMs[i] ?? 0, valueBits[i] ?? 0n));
  return { bytes, block: decoded.block, sampleKeys };
}

function fieldsOf(row: readonly Buffer[]): Map<string, Buffer> {
  return new Map(
    row.flatMap((name, i): [string, Buffer][] => (i % 2 === 0 ? [[String(name), row[i + 1] ?? name]] : [])),
  );
}

function refusedSamples(fields: ReadonlyMap<string, Buffer>): string[] {
  const samples = fields.get("samples");
  const store: StoreName = String(fields.get("sink")) === "timeseries" ? "timeseries" : "victoriametrics";
  const parsed: [number, string][] = samples ? JSON.parse(String(samples)) : [];
  return parsed.map(
    ([timestampMs, bits]) => `${store} ${sampleKey(String(fields.get("series_id")), timestampMs, BigInt(`0x${bits}`))}`,
  );
}
