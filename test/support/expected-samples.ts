import { STALE_NAN_BITS } from "../../services/shared/series.ts";
import { type Samples, seriesKey } from "./compare-series.ts";
import { SERVER, TENANT } from "./pipeline.ts";
import type { ExactSeries } from "./remote-read.ts";
import { numberOf } from "./special-values.ts";
import type { StoredSeries } from "./victoria-metrics.ts";

/** Digits that VictoriaMetrics keeps of a value. */
const VICTORIA_DIGITS = 12;
const SMALLEST_NORMAL = 2 ** -1022;

/** The samples of a Prometheus, labelled as Flux labels them, values written by `format`. */
export function sentSamples(
  series: readonly ExactSeries[],
  format: (bits: bigint) => string,
  tenant: string = TENANT,
): Samples {
  return exactSamples(
    series.map(({ labels, samples }) => ({
      labels: { ...labels, _tenant_id: tenant, _server_id: SERVER },
      samples,
    })),
    format,
  );
}

/** Samples with the bits of their values, written by `format`. */
export function exactSamples(series: readonly ExactSeries[], format: (bits: bigint) => string): Samples {
  return new Map(
    series.map(({ labels, samples }) => [
      seriesKey(labels),
      new Map(samples.map(({ timestampMs, bits }) => [timestampMs, format(bits)])),
    ]),
  );
}

/** The samples that a VictoriaMetrics has exported. A sample that it holds twice shows as a value of two numbers. */
export function victoriaSamples(series: readonly StoredSeries[]): Samples {
  return new Map(
    series.map(({ labels, samples }) => {
      const times = new Map<number, string>();
      for (const { timestampMs, value } of samples) {
        const before = times.get(timestampMs);
        const text = victoriaDigits(value);
        times.set(timestampMs, before === undefined ? text : `${before} and ${text}`);
      }
      return [seriesKey(labels), times];
    }),
  );
}

/** All bits: two values are the same text only if nothing at all differs. */
export const allBits = (bits: bigint) => bits.toString(16);

/** Whether VictoriaMetrics takes a value: it drops every NaN but stale markers, and answers 204. */
export function victoriaTakes(bits: bigint): boolean {
  return bits === STALE_NAN_BITS || !Number.isNaN(numberOf(bits));
}

/** A value as far as VictoriaMetrics keeps it: 12 digits, −0 and subnormals as 0, one NaN for all. */
export const asVictoriaKeeps = (bits: bigint) => victoriaDigits(bits === STALE_NAN_BITS ? Number.NaN : numberOf(bits));

function victoriaDigits(value: number): string {
  if (!Number.isFinite(value)) {
    return String(value);
  }
  const isKept = Math.abs(value) >= SMALLEST_NORMAL;
  return String(isKept ? Number(value.toPrecision(VICTORIA_DIGITS)) : 0);
}
