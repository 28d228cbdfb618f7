declare module "snappyjs" {
  /** Expands a snappy block; throws when it declares more than `maxLength` bytes. */
  export function uncompress(compressed: Uint8Array, maxLength?: number): Uint8Array;
  /** Compresses into one snappy block. */
  export function compress(uncompressed: Uint8Array): Uint8Array;
}
