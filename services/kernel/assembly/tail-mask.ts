const masks = memory.data(32, 16);

/** Must be called once, before `tailMask`. */
export function prepareTailMasks(): void {
  memory.fill(masks, 0xff, 16);
  memory.fill(masks + 16, 0, 16);
}

/** The mask of the first so many of 16 bytes. */
export function tailMask(bytes: usize): v128 {
  return v128.load(masks + 16 - bytes);
}
