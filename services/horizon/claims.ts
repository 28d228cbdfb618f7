import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import type { ShardKeys } from "../shared/buffer-keys.ts";
import type { RunScript, ScriptName } from "../shared/redis-scripts/run-script.ts";
import { type ClaimState, formatClaimState, parseClaimState } from "./claim-state.ts";

/** Most bytes of blocks that one slice should bring into memory. */
const SLICE_BYTES = 16 * 1024 * 1024;

/** Another instance works the shard now: whatever this one still wanted to do there, it must not. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

/** A block that waits for its series to become known. */
export interface ParkedBlock {
  readonly block: Buffer;
  readonly sinceMs: number;
}

export interface ShardClaimsOptions {
  readonly redis: Redis;
  readonly runScript: RunScript;
  readonly keys: ShardKeys;
  /** Names this instance; without a colon. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly maxDeadLetters: number;
  /** Tells blocks apart (`block-fingerprint.ts`). */
  readonly fingerprint: (block: Buffer) => string;
}

type Argument = string | number | Buffer;

/**
 * The claims of one shard: the only place that knows the commands. What changes anything asks for the lease first,
 * inside Redis, and throws LeaseLostError when it is another's.
 */
export class ShardClaims {
  readonly #options: ShardClaimsOptions;
  #token = "";

  constructor(options: ShardClaimsOptions) {
    this.#options = options;
  }

  /** Takes the lease of the shard. @returns whether it is ours now; false when another instance has it. */
  async takeLease(): Promise<boolean> {
    const token = await this.#leaseToken();
    this.#token = token ?? "";
    return token !== undefined;
  }

  /** Makes the lease last longer. @throws LeaseLostError when it had run out, even if nobody else has taken it. */
  async renewLease(): Promise<void> {
    if ((await this.#leaseToken()) !== this.#token) {
      throw new LeaseLostError("cannot renew the lease: it had run out");
    }
  }

  /** Gives the lease back, so that another instance need not wait for its end. */
  async releaseLease(): Promise<void> {
    const { runScript, keys } = this.#options;
    await runScript("release-shard", [keys.lease], [this.#token]);
  }

  /** Claims everything that Flux has written so far. @returns how many blocks that are. */
  async claim(nowMs: number): Promise<number> {
    const { redis, runScript, keys } = this.#options;
    const id = `${nowMs}-${randomBytes(4).toString("hex")}`;
    const reply = await runScript(
      "claim-blocks",
      [keys.lease, keys.blocks, keys.claim(id), keys.claims, keys.bytes],
      [this.#token, id, nowMs],
    );
    const [outcome] = Array.isArray(reply) ? reply.map(String) : [];
    switch (outcome) {
      case "claimed":
        return redis.scard(keys.claim(id));
      case "empty":
        return 0;
      case "lost":
        throw new LeaseLostError("cannot claim blocks: the lease is lost");
      default:
        throw new Error(`cannot read the reply of claim-blocks: ${String(reply).slice(0, 100)}`);
    }
  }

  /** All claims that are not finished, whoever made them, oldest first. */
  async list(): Promise<ClaimState[]> {
    const { redis, keys } = this.#options;
    const states = Object.entries(await redis.hgetall(keys.claims)).map(([id, text]) => parseClaimState(id, text));
    return states.sort((a, b) => a.claimedAtMs - b.claimedAtMs || (a.id < b.id ? -1 : 1));
  }

  /**
   * Reads the blocks of a claim, each once, some at a time: at most about `sliceBlocks`, and fewer where they are
   * large. Blocks that are taken out of the claim meanwhile may or may not come.
   */
  async *readSlices(claim: ClaimState, sliceBlocks: number): AsyncGenerator<Buffer[]> {
    const { redis, keys, fingerprint } = this.#options;
    const key = keys.claim(claim.id);
    const averageBytes = claim.bytes / Math.max(1, await redis.scard(key));
    const count = Math.max(1, Math.min(sliceBlocks, Math.floor(SLICE_BYTES / Math.max(1, averageBytes))));
    // SSCAN may return a member twice. Their fingerprints are kept, and not the blocks, to know them again.
    const seen = new Set<string>();
    let cursor = "0";
    do {
      const [next, blocks] = await redis.sscanBuffer(key, cursor, "COUNT", count);
      cursor = next.toString();
      const fresh = blocks.filter((block) => {
        const before = seen.size;
        return seen.add(fingerprint(block)).size > before;
      });
      if (fresh.length > 0) {
        yield fresh;
      }
    } while (cursor !== "0");
  }

  /** Writes how far the sinks are with a claim. */
  async update(claim: ClaimState): Promise<void> {
    const { keys } = this.#options;
    await this.#change("update-claim", [keys.claims], [claim.id, formatClaimState(claim)]);
  }

  /** Deletes a claim with all its blocks. */
  async finish(claim: ClaimState): Promise<void> {
    const { keys } = this.#options;
    await this.#change("finish-claim", [keys.claims, keys.claim(claim.id), keys.bytes], [claim.id, claim.bytes]);
  }

  /**
   * Takes a block with unknown series out of a claim, and asks Flux to register all series again.
   * @param epoch the shard's new epoch: any text that differs from the present one.
   */
  async park(claim: ClaimState, block: Buffer, nowMs: number, epoch: string): Promise<void> {
    const { keys } = this.#options;
    await this.#change("park-block", [keys.claim(claim.id), keys.parked, keys.epoch], [block, nowMs, epoch]);
  }

  /** Puts a parked block back among those to claim. */
  async unpark(block: Buffer, generation: number): Promise<void> {
    const { keys } = this.#options;
    await this.#change("unpark-block", [keys.parked, keys.blocks, keys.bytes], [block, generation]);
  }

  /** How many blocks are parked. */
  parkedCount(): Promise<number> {
    return this.#options.redis.zcard(this.#options.keys.parked);
  }

  /** Parked blocks from a position on, those first that were parked first. */
  async parkedBlocks(start: number, count: number): Promise<ParkedBlock[]> {
    const { redis, keys } = this.#options;
    const reply = await redis.zrangeBuffer(keys.parked, start, String(start + count - 1), "WITHSCORES");
    const parked: ParkedBlock[] = [];
    for (let i = 0; i + 1 < reply.length; i += 2) {
      parked.push({ block: reply[i] ?? Buffer.alloc(0), sinceMs: Number(reply[i + 1]) });
    }
    return parked;
  }

  /**
   * Moves a block to the dead letters.
   * @param from the claim that holds it, or "parked".
   * @param fields what the dead letter says beside the block: name, value, …
   */
  async buryBlock(from: ClaimState | "parked", block: Buffer, fields: readonly string[]): Promise<void> {
    const { keys, maxDeadLetters } = this.#options;
    const source = from === "parked" ? keys.parked : keys.claim(from.id);
    await this.#change("dead-letter-block", [source, keys.deadLetters], [block, maxDeadLetters, ...fields]);
  }

  /** Adds samples that a store refuses to the dead letters. They stay in the claim until it is finished. */
  async burySamples(fields: readonly string[]): Promise<void> {
    const { redis, keys, maxDeadLetters } = this.#options;
    await redis.xadd(keys.deadLetters, "MAXLEN", "~", maxDeadLetters, "*", ...fields);
  }

  /** Bytes of blocks in the shard, and the oldest generation among those that nobody has claimed. */
  async bufferSize(): Promise<{ bytes: number; unclaimedSinceGeneration: number | undefined }> {
    const { redis, keys } = this.#options;
    const names = ["unclaimed", "claimed", "unclaimed_since_generation"] as const;
    const [unclaimed, claimed, since] = await redis.hmget(keys.bytes, ...names);
    return {
      bytes: Number(unclaimed ?? 0) + Number(claimed ?? 0),
      unclaimedSinceGeneration: typeof since === "string" ? Number(since) : undefined,
    };
  }

  async #leaseToken(): Promise<string | undefined> {
    const { runScript, keys, holder, leaseMs } = this.#options;
    const token = await runScript("lease-shard", [keys.lease, keys.fence], [holder, leaseMs]);
    return Buffer.isBuffer(token) ? token.toString() : undefined;
  }

  async #change(script: ScriptName, keys: readonly string[], args: readonly Argument[]): Promise<void> {
    const reply = await this.#options.runScript(script, [this.#options.keys.lease, ...keys], [this.#token, ...args]);
    if (reply !== 1) {
      throw new LeaseLostError(`cannot run ${script}: the lease is lost`);
    }
  }
}
