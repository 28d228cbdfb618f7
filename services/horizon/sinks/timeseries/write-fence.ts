import type { Redis } from "ioredis";
import type { RunScript, ScriptName } from "../../../shared/redis-scripts/run-script.ts";
import { RetryableError } from "../../retryable-error.ts";
import type { ClaimHold } from "../sink.ts";

/** How often a command is tried again after another instance took the fence away. */
const MAX_RETAKES = 3;
/** How long an unused fence is kept. */
const FENCE_TTL_MS = 86_400_000;

/** A script whose first key is the fence and whose first argument the token. */
export type FencedScript = Extract<ScriptName, "write-points" | "mend-series" | "save-newest">;

/**
 * Lets only the instance that holds the lease of a shard write the shard's series. The lease is in the buffer's Redis
 * and the series may be in another one, so the token of the lease is written there too, and every script that writes
 * compares it. Whoever puts up a token asks for its lease afterwards and writes only if it still has it: one that has
 * lost it may so take the fence away from the right one, which puts it up again, but does not get to write. What an
 * instance sent before it was stopped is refused as well, however late it arrives.
 */
export class WriteFence {
  readonly #redis: Pick<Redis, "set">;
  readonly #runScript: RunScript;
  readonly #hold: ClaimHold;

  constructor(redis: Pick<Redis, "set">, runScript: RunScript, hold: ClaimHold) {
    this.#redis = redis;
    this.#runScript = runScript;
    this.#hold = hold;
  }

  /** Keeps all others from writing. @throws LeaseLostError when it is this instance that may not write. */
  async take(): Promise<void> {
    const { keys, token, confirm } = this.#hold;
    await orRetryable(this.#redis.set(keys.timeSeriesFence, token, "PX", FENCE_TTL_MS));
    await confirm();
  }

  /**
   * Runs a script behind the fence.
   * @throws RetryableError when the server does not run it, and LeaseLostError when this instance may not.
   */
  async run(script: FencedScript, keys: readonly string[], args: readonly (string | number | Buffer)[]) {
    const { keys: shard, token, assertHeld } = this.#hold;
    for (let attempt = 0; ; attempt++) {
      assertHeld();
      try {
        return await this.#runScript(script, [shard.timeSeriesFence, ...keys], [token, ...args]);
      } catch (error) {
        if (attempt === MAX_RETAKES || !(error instanceof Error && error.message.startsWith("FENCED"))) {
          throw toRetryable(error);
        }
      }
      await this.take();
    }
  }
}

/** Makes a failure of the server one after which the claim is delivered again. */
export async function orRetryable<Reply>(reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply;
  } catch (error) {
    throw toRetryable(error);
  }
}

function toRetryable(error: unknown): RetryableError {
  const words = error instanceof Error ? error.message : String(error);
  return new RetryableError(`cannot write to RedisTimeSeries: ${words}`, { cause: error });
}
