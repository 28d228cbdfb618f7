import { type Rate, TokenBucket } from "./intake/token-bucket.ts";
import type { Refusal } from "./reasons.ts";

/** Something whose requests are counted together, a tenant or a key, and what they may come to. */
export interface Meter {
  /** The same for all requests that are counted together. */
  readonly id: string;
  /** Whose limit it is, for the sender: "its tenant" or "its key". */
  readonly whose: string;
  readonly samples: Rate | undefined;
  readonly bytes: Rate | undefined;
  /** 0: no limit. */
  readonly maxRequestsInFlight: number;
  readonly overRateStatus: 429 | 503;
}

/** A request that was let in. */
export interface Pass {
  /** Notes what the request turned out to hold. */
  charge(kind: "samples" | "bytes", amount: number): void;
  /** The request has ended, however it did. Called once. */
  leave(): void;
}

/** Whether a request was let in; if not, which of its meters is over its limit and when to come back. */
export type Entry = { readonly ok: true; readonly pass: Pass } | Refusal;

/** Lets requests in as long as their senders are within their limits. */
export interface Gate {
  /** Lets a request in, or refuses it. */
  enter(meters: readonly Meter[]): Entry | Promise<Entry>;
  /** Forgets all debts. What is in flight ends as it began. */
  clear(): void;
}

interface Readings {
  readonly buckets: { samples?: TokenBucket; bytes?: TokenBucket };
  inFlight: number;
}

/** Meters that are remembered at most; beyond, the one that was begun first and has nothing in flight starts anew. */
const MAX_METERS = 100_000;
const KINDS = ["samples", "bytes"] as const;

const UNLIMITED: Entry = { ok: true, pass: { charge: () => {}, leave: () => {} } };

/** The gate that holds the state of all meters. */
export class TrafficGate implements Gate {
  readonly #readings = new Map<string, Readings>();
  readonly #now: () => number;

  /** @param now milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  enter(meters: readonly Meter[]): Entry {
    const limited = meters.filter(hasLimits);
    if (limited.length === 0) {
      return UNLIMITED;
    }
    const nowMs = this.#now();
    for (const meter of limited) {
      const refusal = this.#refusal(meter, nowMs);
      if (refusal) {
        return refusal;
      }
    }
    const entered = limited.map((meter) => ({ meter, readings: this.#readingsOf(meter) }));
    for (const { readings } of entered) {
      readings.inFlight++;
    }
    return {
      ok: true,
      pass: {
        charge: (kind, amount) => {
          const chargedAtMs = this.#now();
          for (const { meter, readings } of entered) {
            charge(meter, readings, kind, amount, chargedAtMs);
          }
        },
        leave: () => {
          for (const { readings } of entered) {
            readings.inFlight--;
          }
        },
      },
    };
  }

  clear(): void {
    this.#readings.clear();
  }

  #refusal(meter: Meter, nowMs: number): Refusal | undefined {
    const readings = this.#readings.get(meter.id);
    if (meter.maxRequestsInFlight > 0 && (readings?.inFlight ?? 0) >= meter.maxRequestsInFlight) {
      const detail = `${meter.whose} has ${readings?.inFlight} requests under way, at most ${meter.maxRequestsInFlight} are taken at a time`;
      return { ok: false, code: "too_many_requests", detail, later: { status: meter.overRateStatus } };
    }
    for (const kind of KINDS) {
      const rate = meter[kind];
      const waitMs = (rate && readings?.buckets[kind]?.waitMs(rate, nowMs)) ?? 0;
      if (rate && waitMs > 0) {
        const detail = `${meter.whose} has sent more than ${rate.perSecond} ${kind} a second, and ${rate.burst} at once`;
        const later = { status: meter.overRateStatus, retryAfterSeconds: Math.ceil(waitMs / 1000) };
        return { ok: false, code: kind === "samples" ? "over_sample_rate" : "over_byte_rate", detail, later };
      }
    }
    return undefined;
  }

  #readingsOf({ id }: Meter): Readings {
    const known = this.#readings.get(id);
    if (known) {
      return known;
    }
    this.#forgetOne();
    const readings = { buckets: {}, inFlight: 0 };
    this.#readings.set(id, readings);
    return readings;
  }

  #forgetOne(): void {
    if (this.#readings.size < MAX_METERS) {
      return;
    }
    for (const [id, { inFlight }] of this.#readings) {
      if (inFlight === 0) {
        this.#readings.delete(id);
        return;
      }
    }
  }
}

function charge(meter: Meter, { buckets }: Readings, kind: "samples" | "bytes", amount: number, nowMs: number): void {
  const rate = meter[kind];
  if (rate) {
    buckets[kind] ??= new TokenBucket(rate, nowMs);
    buckets[kind].charge(rate, amount, nowMs);
  }
}

/** Whether a meter limits anything at all. */
export function hasLimits({ samples, bytes, maxRequestsInFlight }: Meter): boolean {
  return samples !== undefined || bytes !== undefined || maxRequestsInFlight > 0;
}
