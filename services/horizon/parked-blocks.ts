import { type Block, decodeBlock } from "../shared/block.ts";
import type { SinkName } from "./claim-state.ts";
import type { ParkedBlock } from "./claims.ts";
import { deadBlockFields } from "./dead-letters.ts";
import { Tally } from "./tally.ts";
import type { BlockReading } from "./usable-slices.ts";

/** Parked blocks that are looked at in one cycle, and in one go. */
const BLOCKS_PER_CYCLE = 200;
const BLOCKS_AT_ONCE = 20;

export interface ParkLimits {
  readonly parkMs: number;
  /** The sinks of which the samples of a block that is given up are counted as dead. */
  readonly sinks: readonly SinkName[];
}

/** What is parked after a retry. */
export interface ParkedRest {
  readonly blocks: number;
  /** The oldest generation among them; undefined where not all of them were looked at. */
  readonly oldestGeneration: number | undefined;
  /** Where the next retry should begin, so that every block has its turn. */
  readonly next: number;
}

/**
 * Puts parked blocks whose series are known by now back among those to claim, and gives up those that have waited
 * longer than `parkMs`.
 * @param start how many blocks to pass over, from the last retry's `next`.
 */
export async function retryParkedBlocks(reading: BlockReading, limits: ParkLimits, start: number): Promise<ParkedRest> {
  const before = await reading.claims.parkedCount();
  let position = start < before ? start : 0;
  const first = position;
  const staying: number[] = [];
  let looked = 0;
  while (looked < BLOCKS_PER_CYCLE) {
    const batch = await reading.claims.parkedBlocks(position, BLOCKS_AT_ONCE);
    if (batch.length === 0) {
      break;
    }
    const stayed = await retryBatch(reading, limits, batch);
    staying.push(...stayed);
    looked += batch.length;
    position += stayed.length;
  }
  const blocks = await reading.claims.parkedCount();
  const sawAll = first === 0 && staying.length === blocks;
  return {
    blocks,
    next: position,
    oldestGeneration: sawAll ? Math.min(Number.POSITIVE_INFINITY, ...staying) : undefined,
  };
}

/** @returns the generations of the blocks that stay parked. */
async function retryBatch(reading: BlockReading, limits: ParkLimits, batch: readonly ParkedBlock[]): Promise<number[]> {
  const decoded = batch.map(({ block }) => decodeBlock(block));
  const blocks = decoded.flatMap((one) => (one.ok ? [one.block] : []));
  const found = await reading.series.resolve(blocks);
  const series = new Map(blocks.map((block, i) => [block, found[i]]));
  const staying: number[] = [];
  for (const [i, parked] of batch.entries()) {
    const one = decoded[i];
    if (!one?.ok) {
      await buryDamaged(reading, parked, one?.fault ?? "malformed");
    } else if (series.get(one.block)) {
      await reading.claims.unpark(parked.block, one.block.generation);
    } else if (reading.now() - parked.sinceMs >= limits.parkMs) {
      await giveUp(reading, limits, parked, one.block);
    } else {
      staying.push(one.block.generation);
    }
  }
  return staying;
}

async function buryDamaged(
  { claims, metrics, now }: BlockReading,
  { block }: ParkedBlock,
  fault: "unknown_version" | "checksum_mismatch" | "malformed",
): Promise<void> {
  await claims.buryBlock("parked", deadBlockFields(block, fault, now(), undefined));
  metrics.countDeadBlock(fault);
}

async function giveUp(
  { claims, metrics, logger, now }: BlockReading,
  { sinks }: ParkLimits,
  { block: bytes }: ParkedBlock,
  { owner, samples }: Block,
): Promise<void> {
  await claims.buryBlock("parked", deadBlockFields(bytes, "unknown_series", now(), owner));
  metrics.countDeadBlock("unknown_series");
  const tally = new Tally();
  tally.claim(owner.tenant, samples.ids.length);
  tally.bury(owner.tenant, "unknown_series", samples.ids.length);
  for (const sink of sinks) {
    metrics.countTally(sink, tally);
  }
  const { tenant, server } = owner;
  logger.error({ tenant, server, samples: samples.ids.length }, "Gave up a block: its series never became known");
}
