import { asHorizonExports } from "./horizon-exports.ts";
import { loadModule } from "./load-module.ts";

/**
 * What computes the CRC-32C of blocks, in WebAssembly (`assembly/crc32c.ts`), on an instance of its own.
 * @throws when it has not been built.
 */
export function loadBlockChecksum(): (bytes: Uint8Array) => number {
  const instantiate = loadModule("horizon.wasm", "cannot check a block: there is no memory for its bytes");
  const { memory, blockAt, blockChecksum } = asHorizonExports(instantiate());
  return (bytes) => {
    const at = blockAt(bytes.length);
    new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
    return blockChecksum(bytes.length) >>> 0;
  };
}
