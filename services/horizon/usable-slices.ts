import { type Block, decodeBlock } from "../shared/block.ts";
import { type ColumnMaker, type ColumnSpace, OWN_COLUMNS, type SpareSpaces } from "../shared/column-space.ts";
import type { Logger } from "../shared/logger.ts";
import type { ClaimState } from "./claim-state.ts";
import type { ClaimBlock, Scan, ShardClaims } from "./claims.ts";
import { deadBlockFields } from "./dead-letters.ts";
import type { HorizonMetrics } from "./metrics.ts";
import type { SeriesCache } from "./series-cache.ts";
import type { SharedRead, SharedReads } from "./shared-reads.ts";
import type { SkipLists } from "./skip-lists.ts";
import { buildSlice, type ResolvedBlock, type Slice } from "./slice.ts";
import type { TakenOut } from "./taken-out.ts";

/** What reading the blocks of a shard takes. */
export interface BlockReading {
  readonly claims: ShardClaims;
  readonly series: SeriesCache;
  readonly skipLists: () => SkipLists;
  readonly metrics: HorizonMetrics;
  readonly logger: Pick<Logger, "warn" | "error">;
  readonly now: () => number;
  readonly sliceBlocks: number;
  /** The CRC-32C of bytes. */
  readonly checksum: (bytes: Uint8Array) => number;
  /** What the cycle has taken out of its claims: a block that one sink could not use the other must not use either. */
  readonly takenOut: TakenOut;
  /** The epoch that parking sets: one for the whole cycle, so that Flux registers everything again only once. */
  readonly epoch: string;
  /** What the sinks read at the same time: replies of Redis, and the slices that are made of them. */
  readonly scans: SharedReads<Scan>;
  readonly slices: SharedReads<SliceInSpace>;
  readonly spaces: SpareSpaces;
}

/** A slice, or undefined where there are no blocks for one, and what its columns are in. */
export interface SliceInSpace {
  readonly slice: Slice | undefined;
  readonly space: ColumnSpace;
}

interface ReadBlock extends ClaimBlock {
  readonly block: Block;
}

/**
 * Makes a slice of some blocks of a claim, or undefined where none of them can be used. Those leave the claim: to the
 * dead letters when they are damaged, to the parked ones when a series of theirs is unknown.
 * @returns the slice, which is another as soon as all that have read it are done with it.
 */
export async function usableSlice(
  reading: BlockReading,
  claim: ClaimState,
  blocks: readonly ClaimBlock[],
): Promise<SharedRead<SliceInSpace>> {
  const marks = blocks.map(({ mark }) => mark).join(" ");
  return reading.slices.take(`${claim.id} ${marks}`, async () => {
    const [scratch, space] = [reading.spaces.take(), reading.spaces.take()];
    const readable = await decodeBlocks(reading, claim, blocks, scratch);
    const resolved = await resolveBlocks(reading, claim, readable);
    const makers = { kept: space, scratch };
    const slice = resolved.length > 0 ? buildSlice(resolved, reading.skipLists(), makers) : undefined;
    reading.spaces.giveBack(scratch);
    return { slice, space };
  });
}

/** Counts the samples of some blocks of a claim, by tenant. Damaged blocks leave it; names of series are not needed. */
export async function countSamples(
  reading: BlockReading,
  claim: ClaimState,
  blocks: readonly ClaimBlock[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { mark, block } of await decodeBlocks(reading, claim, blocks, OWN_COLUMNS)) {
    if (!(await reading.takenOut.has(mark))) {
      const { tenant } = block.owner;
      counts.set(tenant, (counts.get(tenant) ?? 0) + block.samples.ids.length);
    }
  }
  return counts;
}

async function decodeBlocks(
  { claims, metrics, logger, now, takenOut, checksum }: BlockReading,
  claim: ClaimState,
  blocks: readonly ClaimBlock[],
  columns: ColumnMaker,
): Promise<ReadBlock[]> {
  const readable: ReadBlock[] = [];
  for (const { bytes, mark } of blocks) {
    const decoded = decodeBlock(bytes, checksum, columns);
    if (decoded.ok) {
      readable.push({ bytes, mark, block: decoded.block });
      continue;
    }
    const { fault } = decoded;
    await takenOut.once(mark, async () => {
      await claims.buryBlock(claim, deadBlockFields(bytes, fault, now(), undefined));
      metrics.countDeadBlock(fault);
      logger.error({ claim: claim.id, fault, bytes: bytes.length }, "A block went to the dead letters");
    });
  }
  return readable;
}

async function resolveBlocks(
  reading: BlockReading,
  claim: ClaimState,
  readable: readonly ReadBlock[],
): Promise<ResolvedBlock[]> {
  const { takenOut } = reading;
  const found = await reading.series.resolve(readable.map(({ block }) => block));
  const resolved: ResolvedBlock[] = [];
  for (const [i, { bytes, mark, block }] of readable.entries()) {
    const series = found[i];
    if (await takenOut.has(mark)) {
      continue;
    }
    if (series) {
      resolved.push({ owner: block.owner, samples: block.samples, series });
    } else {
      await takenOut.once(mark, () => park(reading, claim, bytes, block));
    }
  }
  return resolved;
}

async function park(reading: BlockReading, claim: ClaimState, bytes: Buffer, block: Block): Promise<void> {
  const { claims, metrics, logger, now, epoch } = reading;
  await claims.park(claim, bytes, now(), epoch);
  metrics.countParkedBlock();
  const { tenant, server } = block.owner;
  logger.warn({ claim: claim.id, tenant, server, generation: block.generation }, "Parked a block of unknown series");
}
