import { crc32c } from "./crc32c";
import { GrowingSpace } from "./growing-space";

const block = new GrowingSpace();

/** Where the host writes the bytes of a block, so many. */
export function blockAt(bytes: u32): usize {
  return block.ensure(bytes);
}

/** The CRC-32C of the bytes that the host has written there. */
export function blockChecksum(bytes: u32): u32 {
  return crc32c(block.start, block.start + bytes);
}
