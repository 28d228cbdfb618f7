import type { DecodedWriteRequest } from "../../kernel/codec.ts";
import type { KnownSeries } from "./known-series.ts";
import type { TimeBounds } from "./time-bounds.ts";
import { isMerged, seriesOf, UNKNOWN } from "./verdicts.ts";

/** What keeping needs to know of a request. */
export interface KeepingAll {
  readonly request: Pick<DecodedWriteRequest, "timestampsMs">;
  /** Of the verdicts about its series. */
  readonly codes: Int32Array;
  readonly known: Pick<KnownSeries, "lastRequests">;
  /** The request's: see `KnownSeries.lastRequests`. Another try to sort the request needs another one. */
  readonly number: number;
  readonly bounds: Pick<TimeBounds, "oldestMs" | "newestMs">;
}

/**
 * Keeps all samples of a request that has one for each series, as nearly all requests are: every series is kept as it is, none
 * comes twice, and every sample is within the bounds.
 * @returns the series of each sample, in `known`; undefined where something is otherwise, and has to be looked at.
 */
export function keepAll({ request, codes, known, number, bounds }: KeepingAll): Uint32Array | undefined {
  const { timestampsMs } = request;
  const { lastRequests } = known;
  const { oldestMs, newestMs } = bounds;
  const series = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? UNKNOWN;
    const timestampMs = timestampsMs[i] ?? Number.NaN;
    const one = seriesOf(code);
    const isPlain = code > UNKNOWN && !isMerged(code) && timestampMs >= oldestMs && timestampMs <= newestMs;
    if (!isPlain || lastRequests[one] === number) {
      return undefined;
    }
    lastRequests[one] = number;
    series[i] = one;
  }
  return series;
}
