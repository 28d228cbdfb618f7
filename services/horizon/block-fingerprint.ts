import xxhash from "xxhash-wasm";

const CRC_BYTES = 4;

/**
 * Makes the function that tells blocks apart by their length, their checksum and a hash: 96 bits and more, so that
 * in a claim of a million blocks the chance of taking one for another is below 1 in 10^16.
 */
export async function createBlockFingerprint(): Promise<(block: Buffer) => string> {
  const { h64Raw } = await xxhash();
  return (block) => {
    const crc = block.subarray(-CRC_BYTES).toString("latin1");
    return `${block.length}:${crc}:${h64Raw(block).toString(36)}`;
  };
}
