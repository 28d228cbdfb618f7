import type { DecodedWriteRequest, RawSeries } from "../../../services/kernel/codec.ts";

/** A series of a sample, recognised by this text. */
export function raw(rawLabels: string): RawSeries {
  return { rawLabels, firstSample: 0, sampleCount: 1, histogramCount: 0, exemplarCount: 0 };
}

/** A request of such series. */
export function requestOf(texts: readonly string[]): DecodedWriteRequest {
  return {
    series: texts.map(raw),
    hasOneSampleEach: true,
    labelBytes: 0,
    timestampsMs: new Float64Array(0),
    valueBits: new BigUint64Array(0),
    metadata: [],
    unreadMetadata: { invalid: 0, overLimit: 0 },
  };
}
