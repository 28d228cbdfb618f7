import { type Block, encodeBlock, type SampleColumns } from "./block.ts";

/** What a block says beside its samples. */
export type BlockHead = Omit<Block, "samples">;

/** Writes samples into columns that are as long as there are samples. May be called again, with other columns. */
export type FillColumns = (columns: SampleColumns) => void;

/** Makes blocks: see `block.ts`. */
export interface BlockEncoder {
  /** The bytes of a block of so many samples, which `fill` writes. */
  encodeBlock(head: BlockHead, count: number, fill: FillColumns): Buffer;
}

/** The plain one. */
export const plainBlockEncoder: BlockEncoder = {
  encodeBlock(head, count, fill) {
    const samples = {
      ids: new BigUint64Array(count),
      timestampsMs: new Float64Array(count),
      valueBits: new BigUint64Array(count),
    };
    fill(samples);
    return encodeBlock({ ...head, samples });
  },
};
