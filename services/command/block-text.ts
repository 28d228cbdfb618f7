import { type Block, type BlockDamage, type BlockHeader, decodeBlock, readBlockHeader } from "../shared/block.ts";
import { formatSeriesId, type SeriesId } from "../shared/series.ts";
import { printable } from "./printable.ts";
import { isoTime, sampleText } from "./sample-text.ts";

const GENERATION_MS = 3_600_000;
const NEWLINE = 0x0a;

/** Finds the name of a series, where it is known. */
export type NameOf = (id: SeriesId) => string | undefined;

/** Bytes that are meant to be a block: as which block they can be read, or what is wrong with them. */
export type ReadBlock = { readonly bytes: Buffer } & ({ readonly ok: true; readonly block: Block } | BlockDamage);

/** Reads a block. A newline behind it is taken off where that makes it whole: `redis-cli --raw` adds one. */
export function readBlock(bytes: Buffer): ReadBlock {
  const decoded = decodeBlock(bytes);
  if (!decoded.ok && bytes.at(-1) === NEWLINE) {
    const shorter = bytes.subarray(0, bytes.length - 1);
    const again = decodeBlock(shorter);
    if (again.ok) {
      return { bytes: shorter, ...again };
    }
  }
  return { bytes, ...decoded };
}

/** A block as text for people, line by line. @param maxSamples how many of its samples are shown. */
export function* blockText(read: ReadBlock, nameOf: NameOf, maxSamples: number): Generator<string, void, undefined> {
  const { bytes } = read;
  yield `block of ${bytes.length} bytes, version ${bytes[0] ?? "?"}, kind ${bytes[1] ?? "?"}`;
  if (!read.ok) {
    yield* damageText(read, bytes);
    return;
  }
  const { owner, generation, samples } = read.block;
  yield* headerText({ owner, generation, count: samples.ids.length });
  for (const [i, id] of samples.ids.entries()) {
    if (i >= maxSamples) {
      yield `  … and ${samples.ids.length - i} more`;
      return;
    }
    yield blockSampleText(id, samples.timestampsMs[i] ?? 0, samples.valueBits[i] ?? 0n, nameOf(id));
  }
}

/** What is wrong, and what the block says nevertheless. */
function* damageText({ fault, at, detail }: BlockDamage, bytes: Buffer): Generator<string, void, undefined> {
  yield `  damaged: ${fault} at byte ${at}: ${detail}`;
  const header = fault === "unknown_version" ? undefined : readBlockHeader(bytes);
  if (header) {
    yield "  it says of itself, which may be wrong:";
    yield* headerText(header);
  }
}

function* headerText({
  owner,
  generation,
  count,
}: Pick<BlockHeader, "owner" | "generation" | "count">): Generator<string, void, undefined> {
  yield `  tenant ${printable(owner.tenant)}, server ${printable(owner.server)}, namespace ${printable(owner.namespace)}`;
  yield `  generation ${generation} (the hour of ${isoTime(generation * GENERATION_MS)})`;
  yield `  ${count} samples`;
}

function blockSampleText(id: SeriesId, timestampMs: number, bits: bigint, name: string | undefined): string {
  const parts = [formatSeriesId(id), sampleText(timestampMs, bits), ...(name === undefined ? [] : [printable(name)])];
  return `  ${parts.join("  ")}`;
}
