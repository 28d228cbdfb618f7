import { getRandomValues } from "node:crypto";
import { timeSeriesPolicyKey } from "../../../shared/buffer-keys.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { RunScript } from "../../../shared/redis-scripts/run-script.ts";
import type { SinkName } from "../../claim-state.ts";
import { RetryableError } from "../../retryable-error.ts";
import type { ClaimHold, Delivery, OnRefused, Sink } from "../sink.ts";
import { expireForgotten } from "./expire-forgotten.ts";
import { KeptPoints, randomPlaceMultipliers } from "./kept-points.ts";
import type { ProbeOutcome } from "./probe-timeseries.ts";
import { seriesTtlMs } from "./series-upkeep.ts";
import { TimeSeriesDelivery, type TimeSeriesDeliveryOptions } from "./timeseries-delivery.ts";
import { orRetryable, WriteFence } from "./write-fence.ts";

export interface TimeSeriesSinkOptions extends TimeSeriesDeliveryOptions {
  readonly runScript: RunScript;
  readonly logger: Pick<Logger, "info">;
  /** Asks whether the Redis is suitable at all; asked until it is. */
  readonly probe: () => Promise<ProbeOutcome>;
}

/** Stands for what is done to every series beside what the settings say; another version of that has another. */
const POLICY_VERSION = "1";
/** As many deliveries as are mostly under way: one, or one in each of two shards. */
const MAX_SPARE = 2;
const PLACE_MULTIPLIERS = randomPlaceMultipliers(getRandomValues);

/** RedisTimeSeries as a sink. What it has acknowledged it keeps as well as its Redis keeps anything. */
export class TimeSeriesSink implements Sink {
  readonly name: SinkName = "timeseries";
  readonly settling = undefined;
  readonly #options: TimeSeriesSinkOptions;
  /** Room for points that no delivery needs now: to find new room for each takes time, and memory until the old is given back. */
  readonly #spare: KeptPoints[] = [];
  #isProbed = false;
  #hasTakenOver = false;

  constructor(options: TimeSeriesSinkOptions) {
    this.#options = options;
  }

  async begin(onRefused: OnRefused, signal: AbortSignal, hold: ClaimHold): Promise<Delivery> {
    await this.check();
    await this.#takeOver(signal);
    const fence = new WriteFence(this.#options.redis, this.#options.runScript, hold);
    await fence.take();
    const kept = this.#spare.pop() ?? new KeptPoints(this.#options.windowMs, PLACE_MULTIPLIERS);
    return new TimeSeriesDelivery(this.#options, { fence, hold, onRefused, kept, giveBack: () => this.#keep(kept) });
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

  #keep(kept: KeptPoints): void {
    if (this.#spare.length < MAX_SPARE) {
      this.#spare.push(kept);
    }
  }

  /** Where series were made by another version or with other settings, has them made to follow ours. */
  async #takeOver(signal: AbortSignal): Promise<void> {
    if (this.#hasTakenOver) {
      return;
    }
    const { redis, keyPrefix, shape, upkeep, logger } = this.#options;
    const marker = timeSeriesPolicyKey(keyPrefix);
    const policy = `${POLICY_VERSION} ${shape.retentionMs} ${shape.chunkBytes}`;
    if ((await orRetryable(redis.get(marker))) !== policy) {
      upkeep.distrust();
      const forgotten = await expireForgotten(
        { redis, keyPrefix, seriesTtlMs: seriesTtlMs(shape.retentionMs) },
        signal,
      );
      await orRetryable(redis.set(marker, policy));
      logger.info({ forgotten }, "Time series are made to follow the settings as they get samples");
    }
    this.#hasTakenOver = true;
  }
}
