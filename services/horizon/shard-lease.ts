import type { ShardKeys } from "../shared/buffer-keys.ts";
import type { RunScript } from "../shared/redis-scripts/run-script.ts";

/** Another instance may work the shard now: whatever this one still wanted to do there, it must not. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

export interface ShardLeaseOptions {
  readonly runScript: RunScript;
  readonly keys: Pick<ShardKeys, "lease" | "fence" | "worker">;
  /** Names this instance; without a colon. */
  readonly holder: string;
  readonly leaseMs: number;
  /** Milliseconds of a clock that never jumps and that goes on while the process is stopped. */
  readonly monotonicMs: () => number;
}

/**
 * The right to work one shard. When it ends, Redis decides by its own clock, and every script that changes claims asks
 * Redis for it. The stores cannot be asked: for them `assertHeld` looks at the clock of this process, which is behind.
 */
export class ShardLease {
  readonly #options: ShardLeaseOptions;
  #token = "";
  #endsAtMs = Number.NEGATIVE_INFINITY;
  #lost = new AbortController();

  constructor(options: ShardLeaseOptions) {
    this.#options = options;
  }

  /** Who this instance is. */
  get holder(): string {
    return this.#options.holder;
  }

  /** How long it lasts unless it is renewed. */
  get leaseMs(): number {
    return this.#options.leaseMs;
  }

  /** What proves to Redis that the lease is ours. */
  get token(): string {
    return this.#token;
  }

  /** Aborted with a LeaseLostError as soon as it is known that the lease is lost; another signal after each `take`. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Takes the lease.
   * @returns undefined when another instance has it; else, in `from`, who had it and has not given it back, if anybody.
   */
  async take(): Promise<{ readonly from: string | undefined } | undefined> {
    const { runScript, keys, holder, leaseMs, monotonicMs } = this.#options;
    const askedAtMs = monotonicMs();
    const reply = await runScript("lease-shard", [keys.lease, keys.fence, keys.worker], [holder, leaseMs]);
    if (!Array.isArray(reply)) {
      return undefined;
    }
    const [token = "", former = ""] = reply.map(String);
    this.#token = token;
    this.#endsAtMs = askedAtMs + leaseMs;
    this.#lost = new AbortController();
    return { from: former === "" || former === holder ? undefined : former };
  }

  /** Makes the lease last longer. @throws LeaseLostError when it is too late for that, or else what Redis throws. */
  async renew(): Promise<void> {
    const { runScript, keys, leaseMs, monotonicMs } = this.#options;
    const askedAtMs = monotonicMs();
    try {
      const reply = await runScript("renew-shard", [keys.lease], [this.#token, leaseMs]);
      if (reply !== 1) {
        throw this.lose("cannot renew the lease of the shard: it has run out");
      }
    } catch (error) {
      this.assertHeld();
      throw error;
    }
    this.#endsAtMs = Math.max(this.#endsAtMs, askedAtMs + leaseMs);
  }

  /** Gives the lease back, so that another instance need not wait for its end. */
  async release(): Promise<void> {
    const { runScript, keys } = this.#options;
    await runScript("release-shard", [keys.lease, keys.worker], [this.#token]);
  }

  /**
   * To be called right before anything is sent to a store. A process that was stopped for a while, or whose Redis did
   * not answer, learns here that its time is over before it has heard so from Redis.
   * @throws LeaseLostError when the lease is lost, or may be by now.
   */
  assertHeld(): void {
    if (!this.#lost.signal.aborted && this.#options.monotonicMs() >= this.#endsAtMs) {
      throw this.lose("cannot go on with the shard: its lease was not renewed in time");
    }
    this.#lost.signal.throwIfAborted();
  }

  /** Notes that the lease is lost. @returns the error to throw. */
  lose(reason: string): LeaseLostError {
    const error = new LeaseLostError(reason);
    this.#lost.abort(error);
    return error;
  }
}

/** The holder that a fencing token names. */
export function holderOf(token: string): string {
  return token.slice(0, token.lastIndexOf(":"));
}
