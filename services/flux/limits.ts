import type { LimitSettings, Settings } from "../../settings/schema.ts";
import type { SeriesLimits } from "./intake/series-check.ts";

/** What a sender may send in one request, and how many series. */
export interface Limits extends SeriesLimits {
  /** 0: no limit. */
  readonly maxActiveSeries: number;
  readonly maxBodyBytes: number;
  readonly maxUncompressedBytes: number;
  /** How far a sample may lie behind and ahead of the clock; 0: any distance. */
  readonly maxSampleAgeMs: number;
  readonly maxSampleFutureMs: number;
  /** What a request over its rate is answered. */
  readonly overRateStatus: 429 | 503;
}

/** The limits of a tenant of which nothing is said. */
export function defaultLimits(settings: Settings): Limits {
  return {
    maxActiveSeries: settings.FLUX_MAX_ACTIVE_SERIES,
    maxBodyBytes: settings.FLUX_MAX_BODY_BYTES,
    maxUncompressedBytes: settings.FLUX_MAX_UNCOMPRESSED_BYTES,
    maxLabels: settings.FLUX_MAX_LABELS_PER_SERIES,
    maxLabelNameBytes: settings.FLUX_MAX_LABEL_NAME_BYTES,
    maxLabelValueBytes: settings.FLUX_MAX_LABEL_VALUE_BYTES,
    maxSeriesBytes: settings.FLUX_MAX_SERIES_BYTES,
    maxSampleAgeMs: settings.FLUX_PROMETHEUS_MAX_AGE * 1000,
    maxSampleFutureMs: settings.FLUX_PROMETHEUS_MAX_FUTURE * 1000,
    overRateStatus: settings.FLUX_OVER_RATE_STATUS,
  };
}

/** The limits with what is said of one tenant or key put over them. */
export function overrideLimits(base: Limits, own: LimitSettings | undefined): Limits {
  if (own === undefined) {
    return base;
  }
  return {
    maxActiveSeries: own.maxActiveSeries ?? base.maxActiveSeries,
    maxBodyBytes: own.maxBodyBytes ?? base.maxBodyBytes,
    maxUncompressedBytes: own.maxUncompressedBytes ?? base.maxUncompressedBytes,
    maxLabels: own.maxLabelsPerSeries ?? base.maxLabels,
    maxLabelNameBytes: own.maxLabelNameBytes ?? base.maxLabelNameBytes,
    maxLabelValueBytes: own.maxLabelValueBytes ?? base.maxLabelValueBytes,
    maxSeriesBytes: own.maxSeriesBytes ?? base.maxSeriesBytes,
    maxSampleAgeMs: inMs(own.maxSampleAgeSeconds) ?? base.maxSampleAgeMs,
    maxSampleFutureMs: inMs(own.maxSampleFutureSeconds) ?? base.maxSampleFutureMs,
    overRateStatus: own.overRateStatus ?? base.overRateStatus,
  };
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
