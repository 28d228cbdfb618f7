import type { BodyWriter } from "../../../kernel/body-writer.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { SinkName } from "../../claim-state.ts";
import { RetryableError } from "../../retryable-error.ts";
import type { ClaimHold, Delivery, OnRefused, Settling, Sink } from "../sink.ts";
import type { BatchLimits } from "./batches.ts";
import type { StoreClient } from "./store-client.ts";
import { readIgnoredRows, readStartTime } from "./store-metrics.ts";
import { type OwnsSeries, VictoriaDelivery } from "./victoria-delivery.ts";

export interface VictoriaSinkOptions {
  readonly name: SinkName;
  readonly client: StoreClient;
  /** Makes the bodies of its requests. */
  readonly bodies: Pick<BodyWriter, "write">;
  readonly limits: BatchLimits;
  readonly owns: OwnsSeries;
  readonly settling: Settling | undefined;
  readonly now: () => number;
  readonly logger: Pick<Logger, "warn">;
  /** Told what the store says it has ignored, by its reasons. */
  readonly onIgnoredRows: (rows: ReadonlyMap<string, number>) => void;
}

/** The snappy block of no bytes: a request without samples. */
const EMPTY_BODY = Buffer.of(0);
/** A store is asked again after so long, whatever it, or something before it, said of when to come back. */
const MAX_PATIENCE_MS = 600_000;
/** The tenant that a request without samples is sent for, where the URL has a place for one. */
const NO_TENANT = "0";

/** VictoriaMetrics, or any other receiver of remote-write 1.0, as a sink. */
export class VictoriaSink implements Sink {
  readonly name: SinkName;
  readonly settling: Settling | undefined;
  readonly #options: VictoriaSinkOptions;
  #notBeforeMs = 0;
  #hasWarned = false;

  constructor(options: VictoriaSinkOptions) {
    this.#options = options;
    this.name = options.name;
    this.settling = options.settling;
  }

  async begin(onRefused: OnRefused, _signal: AbortSignal, hold: ClaimHold): Promise<Delivery> {
    const { client, limits, owns, bodies } = this.#options;
    return new VictoriaDelivery({
      limits,
      owns,
      bodies,
      onRefused,
      send: async (tenant, body, signal) => {
        hold.assertHeld();
        try {
          return await client.write(tenant, body, signal);
        } catch (error) {
          this.#noteRetryAfter(error);
          throw error;
        }
      },
      check: (signal) => this.check(signal),
    });
  }

  async proof(signal: AbortSignal): Promise<string | undefined> {
    const waitMs = this.#notBeforeMs - this.#options.now();
    if (waitMs > 0) {
      throw new RetryableError(
        `cannot write to VICTORIAMETRICS_URL yet: it asked to wait ${Math.ceil(waitMs / 1000)} s`,
      );
    }
    const text = await this.#options.client.metrics(signal);
    const startTime = text === undefined ? undefined : readStartTime(text);
    this.#options.onIgnoredRows(readIgnoredRows(text ?? ""));
    if (startTime === undefined && this.settling && !this.#hasWarned) {
      this.#hasWarned = true;
      this.#options.logger.warn("The store does not say when it was started; what it acknowledges counts as kept");
    }
    return startTime;
  }

  /** Sends a request without samples: what the store says to that is about us and the URL, and not about samples. */
  async check(signal: AbortSignal): Promise<void> {
    const outcome = await this.#options.client.write(NO_TENANT, EMPTY_BODY, signal);
    if (!outcome.ok) {
      const said = `${outcome.status} (${outcome.words})`;
      throw new RetryableError(`cannot use VICTORIAMETRICS_URL: it answers ${said} even to a request without samples`);
    }
  }

  #noteRetryAfter(error: unknown): void {
    if (error instanceof RetryableError && error.retryAfterMs > 0) {
      this.#notBeforeMs = this.#options.now() + Math.min(error.retryAfterMs, MAX_PATIENCE_MS);
    }
  }
}
