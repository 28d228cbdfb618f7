import { STALE_NAN_BITS } from "./series.ts";

/** A sample's value for people. */
export interface ValueText {
  /** The shortest text that reads back as the same number; `NaN`, `+Inf` and `-Inf` as Prometheus writes them. */
  readonly text: string;
  readonly kind: "number" | "infinity" | "nan" | "stale_marker";
}

const bits = new BigUint64Array(1);
const float = new Float64Array(bits.buffer);

/** Describes a value by its 64 bits, which tell a stale marker from other NaNs. */
export function describeValue(valueBits: bigint): ValueText {
  bits[0] = valueBits;
  const value = float[0] ?? 0;
  if (Number.isNaN(value)) {
    return { text: "NaN", kind: valueBits === STALE_NAN_BITS ? "stale_marker" : "nan" };
  }
  if (!Number.isFinite(value)) {
    return { text: value > 0 ? "+Inf" : "-Inf", kind: "infinity" };
  }
  return { text: Object.is(value, -0) ? "-0" : String(value), kind: "number" };
}
