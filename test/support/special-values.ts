/** Values whose bits a careless path would change, by what they are. */
export const SPECIAL_VALUE_BITS: Readonly<Record<string, bigint>> = {
  "stale marker": 0x7ff0000000000002n,
  "quiet NaN": 0x7ff8000000000000n,
  "Prometheus' normal NaN": 0x7ff8000000000001n,
  "NaN with a payload": 0x7ff80000deadbeefn,
  "signalling NaN": 0x7ff4000000000001n,
  "negative NaN": 0xfff8000000000000n,
  "minus zero": 0x8000000000000000n,
  "+Inf": 0x7ff0000000000000n,
  "-Inf": 0xfff0000000000000n,
  "smallest subnormal": 1n,
  "1/3": 0x3fd5555555555555n,
  zero: 0n,
};

/** The 64 bits of a number. Not for NaNs with a payload: give their bits as they are. */
export function bitsOf(value: number): bigint {
  return new BigUint64Array(new Float64Array([value]).buffer)[0] ?? 0n;
}

/** The number with these 64 bits; the payload of a NaN may not survive. */
export function numberOf(bits: bigint): number {
  return new Float64Array(new BigUint64Array([bits]).buffer)[0] ?? 0;
}
