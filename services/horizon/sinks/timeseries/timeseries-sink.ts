import type { SinkName } from "../../claim-state.ts";
import { RetryableError } from "../../retryable-error.ts";
import type { Delivery, OnRefused, Sink } from "../sink.ts";
import type { ProbeOutcome } from "./probe-timeseries.ts";
import { TimeSeriesDelivery, type TimeSeriesDeliveryOptions } from "./timeseries-delivery.ts";

export interface TimeSeriesSinkOptions extends TimeSeriesDeliveryOptions {
  /** Asks whether the Redis is suitable at all; asked until it is. */
  readonly probe: () => Promise<ProbeOutcome>;
}

/** RedisTimeSeries as a sink. What it has acknowledged it keeps as well as its Redis keeps anything. */
export class TimeSeriesSink implements Sink {
  readonly name: SinkName = "timeseries";
  readonly settleMs = 0;
  readonly #options: TimeSeriesSinkOptions;
  #isProbed = false;

  constructor(options: TimeSeriesSinkOptions) {
    this.#options = options;
  }

  async begin(onRefused: OnRefused): Promise<Delivery> {
    await this.check();
    return new TimeSeriesDelivery(this.#options, onRefused);
  }

  async proof(): Promise<undefined> {
    return undefined;
  }

  async check(): Promise<void> {
    if (!this.#isProbed) {
      const outcome = await this.#options.probe();
      if (outcome.kind !== "suitable") {
        throw new RetryableError(outcome.detail);
      }
      this.#isProbed = true;
    }
    try {
      await this.#options.redis.ping();
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw new RetryableError(`cannot reach the Redis of RTS_REDIS_URL: ${words}`, { cause: error });
    }
  }
}
