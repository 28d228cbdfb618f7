import type { ReadWriteRequest } from "../../../services/kernel/codec.ts";

/** What reading a body gave, in a form that can be compared: every bit of it. */
export function readResult(read: ReadWriteRequest) {
  if (!read.ok) {
    return { code: read.code, detail: read.detail };
  }
  const { series, labelBytes, timestampsMs, valueBits, metadata, unreadMetadata } = read.request;
  return {
    series: series.map(({ rawLabels, firstSample, sampleCount, histogramCount, exemplarCount }) => ({
      ...{ rawLabels, firstSample, sampleCount, histogramCount, exemplarCount },
    })),
    timestampsMs: [...timestampsMs],
    valueBits: [...valueBits],
    ...{ labelBytes, metadata, unreadMetadata },
  };
}
