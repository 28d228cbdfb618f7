import type { SeriesId } from "./series.ts";

/*
 * Ids in two halves of 32 bits, signed as an Int32Array has them: V8 makes no objects of such numbers, as it does of a BigInt.
 */

/** The low half of an id. */
export function lowHalf(id: SeriesId): number {
  return Number(BigInt.asIntN(32, id));
}

/** The high half of an id. */
export function highHalf(id: SeriesId): number {
  return Number(BigInt.asIntN(32, id >> 32n));
}

/** An id from its halves, signed or not. */
export function idOfHalves(idLow: number, idHigh: number): SeriesId {
  return (BigInt(idHigh >>> 0) << 32n) | BigInt(idLow >>> 0);
}
