import { blockHeadBytes, writeBlockHead } from "../shared/block.ts";
import type { BlockHead, FillColumns } from "../shared/block-encoder.ts";
import type { KernelExports } from "./kernel-exports.ts";

/**
 * Makes a block in the kernel's memory: see `assembly/block.ts`.
 * @returns undefined where the kernel leaves it to the plain encoder.
 */
export function encodeInKernel(
  kernel: KernelExports,
  { owner, generation }: BlockHead,
  count: number,
  fill: FillColumns,
): Buffer | undefined {
  const headBytes = blockHeadBytes(owner);
  const at = kernel.columnsAt(count, headBytes);
  if (at === 0) {
    return undefined;
  }
  const { buffer } = kernel.memory;
  const columnBytes = 8 * count;
  fill({
    ids: new BigUint64Array(buffer, at, count),
    timestampsMs: new Float64Array(buffer, at + columnBytes, count),
    valueBits: new BigUint64Array(buffer, at + 2 * columnBytes, count),
  });
  const head = Buffer.from(buffer, at + 3 * columnBytes, headBytes);
  writeBlockHead(head, 0, { owner, generation, count });
  const blockAt = kernel.writeBlock();
  return blockAt === 0 ? undefined : Buffer.from(Buffer.from(kernel.memory.buffer, blockAt, kernel.blockBytes.value));
}
