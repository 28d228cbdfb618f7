import type { LimitSettings, Settings } from "../../settings/schema.ts";
import type { Rate } from "./intake/token-bucket.ts";

/** What a sender may send in the course of time. */
export interface TrafficLimits {
  /** Undefined: at any rate. */
  readonly samples: Rate | undefined;
  readonly bytes: Rate | undefined;
  /** 0: no limit. */
  readonly maxRequestsInFlight: number;
}

/** No limits: what an own limit is put over where nothing else holds. */
export const UNLIMITED_TRAFFIC: TrafficLimits = { samples: undefined, bytes: undefined, maxRequestsInFlight: 0 };

/** Of a rate whose burst nobody has set: that of so many seconds. */
const BURST_SECONDS = 10;

/** The limits of a tenant of which nothing is said. */
export function defaultTraffic(settings: Settings): TrafficLimits {
  return {
    samples: rateOf(settings.FLUX_SAMPLES_PER_SECOND, settings.FLUX_SAMPLES_BURST),
    bytes: rateOf(settings.FLUX_BYTES_PER_SECOND, settings.FLUX_BYTES_BURST),
    maxRequestsInFlight: settings.FLUX_MAX_REQUESTS_IN_FLIGHT,
  };
}

/** The limits with what is said of one tenant or key put over them. */
export function overrideTraffic(base: TrafficLimits, own: LimitSettings | undefined): TrafficLimits {
  if (own === undefined) {
    return base;
  }
  return {
    samples: overrideRate(base.samples, own.samplesPerSecond, own.samplesBurst),
    bytes: overrideRate(base.bytes, own.bytesPerSecond, own.bytesBurst),
    maxRequestsInFlight: own.maxRequestsInFlight ?? base.maxRequestsInFlight,
  };
}

/** A rate of one's own brings the burst that follows from it; a burst of one's own leaves the rate. */
function overrideRate(base: Rate | undefined, perSecond: number | undefined, burst: number | undefined) {
  return perSecond === undefined && burst === undefined ? base : rateOf(perSecond ?? base?.perSecond ?? 0, burst ?? 0);
}

function rateOf(perSecond: number, burst: number): Rate | undefined {
  return perSecond === 0 ? undefined : { perSecond, burst: burst === 0 ? perSecond * BURST_SECONDS : burst };
}
