import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import type { ShardKeys } from "../shared/buffer-keys.ts";
import type { RunScript, ScriptName } from "../shared/redis-scripts/run-script.ts";
import { type ClaimState, formatClaimState, parseClaimState } from "./claim-state.ts";
import type { LetterFields } from "./dead-letters.ts";
import { RecentMap } from "./recent-map.ts";
import type { ShardLease } from "./shard-lease.ts";
import type { SharedReads } from "./shared-reads.ts";
import type { ClaimHold } from "./sinks/sink.ts";

/** Blocks that are known again at least when Redis gives them once more while a claim is read: 0.1 KB each. */
const BLOCKS_REMEMBERED = 100_000;

/** A block of a claim. */
export interface ClaimBlock {
  readonly bytes: Buffer;
  /** What it is told from others by (`block-fingerprint.ts`). */
  readonly mark: string;
}

/** Some blocks of a claim. */
export interface ClaimBlocks {
  readonly blocks: readonly ClaimBlock[];
  /** Whether it is certain that no others follow. */
  readonly isLast: boolean;
}

/** What SSCAN returns: the next cursor, and some blocks. */
export type Scan = readonly [cursor: string, blocks: readonly ClaimBlock[]];

/** A block that waits for its series to become known. */
export interface ParkedBlock {
  readonly block: Buffer;
  readonly sinceMs: number;
}

/** The dead letters of a shard: the newest that are not more than this. */
export interface DeadLetterBounds {
  readonly letters: number;
  readonly bytes: number;
}

/** The dead letters of a shard, and how many were pushed out in all time because there were too many. */
export interface DeadLetterCounts extends DeadLetterBounds {
  readonly evicted: number;
}

export interface ShardClaimsOptions {
  readonly redis: Redis;
  readonly runScript: RunScript;
  readonly keys: ShardKeys;
  readonly lease: ShardLease;
  readonly deadLetterBounds: DeadLetterBounds;
  /** Most bytes of blocks that one slice should bring into memory. */
  readonly sliceBytes: number;
  /** Gives what blocks are told apart by (`block-fingerprint.ts`). */
  readonly fingerprint: (block: Buffer) => string;
}

type Argument = string | number | Buffer;

/**
 * The claims of one shard: the only place that knows the commands. What changes anything asks for the lease first,
 * inside Redis, and throws LeaseLostError when it is another's.
 */
export class ShardClaims {
  readonly #options: ShardClaimsOptions;

  constructor(options: ShardClaimsOptions) {
    this.#options = options;
  }

  /** Who writes to these claims. */
  get holder(): string {
    return this.#options.lease.holder;
  }

  /** Stands for this instance's present hold on the shard. */
  get token(): string {
    return this.#options.lease.token;
  }

  /** What lets a store take a claim from this instance. */
  hold({ claimedAtMs }: ClaimState): ClaimHold {
    const { keys, lease } = this.#options;
    return {
      keys,
      claimedAtMs,
      token: lease.token,
      assertHeld: () => lease.assertHeld(),
      confirm: () => lease.renew(),
    };
  }

  /** Claims everything that Flux has written so far. @returns how many blocks that are. */
  async claim(nowMs: number): Promise<number> {
    const { redis, runScript, keys, lease } = this.#options;
    const id = `${nowMs}-${randomBytes(4).toString("hex")}`;
    const reply = await runScript(
      "claim-blocks",
      [keys.lease, keys.blocks, keys.claim(id), keys.claims, keys.bytes],
      [lease.token, id, nowMs],
    );
    const [outcome] = Array.isArray(reply) ? reply.map(String) : [];
    switch (outcome) {
      case "claimed":
        return redis.scard(keys.claim(id));
      case "empty":
        return 0;
      case "lost":
        throw lease.lose("cannot claim blocks: another instance has the shard");
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
   * Reads the blocks of a claim, some at a time: at most about `sliceBlocks`, and fewer where they have more than
   * `sliceBytes` together. Each comes once; of a claim of more than BLOCKS_REMEMBERED, one that Redis gives again much later comes again. Blocks that are
   * taken out of the claim meanwhile may or may not come.
   * @param scans what other readers of the claim share with this one.
   * @throws when Redis was restarted in between, and some may have been passed over.
   */
  async *readSlices(claim: ClaimState, sliceBlocks: number, scans: SharedReads<Scan>): AsyncGenerator<ClaimBlocks> {
    const { redis, keys, sliceBytes } = this.#options;
    const key = keys.claim(claim.id);
    const run = await this.#redisRun();
    const averageBytes = claim.bytes / Math.max(1, await redis.scard(key));
    const count = Math.max(1, Math.min(sliceBlocks, Math.floor(sliceBytes / Math.max(1, averageBytes))));
    // SSCAN may return a member twice, where so many are removed meanwhile that Redis makes the table of the set smaller.
    // Their fingerprints are kept, and not the blocks, to know them again.
    const seen = new RecentMap<true>(BLOCKS_REMEMBERED);
    let cursor = "0";
    do {
      // Of the same Redis process alone: whose reply it is then makes no difference, as nothing is ever added to a claim.
      const at = cursor;
      const scan = await scans.take(`${run} ${key} ${at} ${count}`, () => this.#scan(key, at, count));
      const [next, blocks] = scan.value;
      cursor = next;
      const fresh = blocks.filter(({ mark }) => {
        const isFresh = !seen.has(mark);
        if (isFresh) {
          seen.set(mark, true);
        }
        return isFresh;
      });
      const isLast = cursor === "0";
      // A cursor is a place in the table of one Redis process: in another, the same blocks stand elsewhere.
      if (isLast && (await this.#redisRun()) !== run) {
        throw new Error("cannot read a claim whole: Redis was restarted meanwhile");
      }
      if (fresh.length > 0) {
        yield { blocks: fresh, isLast };
      }
    } while (cursor !== "0");
  }

  async #scan(key: string, cursor: string, count: number): Promise<Scan> {
    const { redis, fingerprint } = this.#options;
    const [next, blocks] = await redis.sscanBuffer(key, cursor, "COUNT", count);
    return [next.toString(), blocks.map((bytes) => ({ bytes, mark: fingerprint(bytes) }))];
  }

  /** What tells one Redis process from another. */
  async #redisRun(): Promise<string | undefined> {
    return /^run_id:(\w+)/m.exec(await this.#options.redis.info("server"))?.[1];
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
   * @param letter as `deadBlockFields` gives it.
   */
  async buryBlock(from: ClaimState | "parked", letter: LetterFields): Promise<void> {
    const { keys } = this.#options;
    await this.#addDeadLetter(letter, [from === "parked" ? keys.parked : keys.claim(from.id)]);
  }

  /**
   * Adds samples that a store refuses to the dead letters. They stay in the claim until it is finished.
   * @param letter as `refusedFields` gives it.
   */
  async burySamples(letter: LetterFields): Promise<void> {
    await this.#addDeadLetter(letter, []);
  }

  /** How many dead letters there are, and were. */
  async deadLetterCounts(): Promise<DeadLetterCounts> {
    const { redis, keys } = this.#options;
    const letters = await redis.xlen(keys.deadLetters);
    const [bytes, evicted] = await redis.hmget(keys.deadLetterCounts, "bytes", "evicted");
    return { letters, bytes: letters === 0 ? 0 : Number(bytes ?? 0), evicted: Number(evicted ?? 0) };
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

  async #addDeadLetter(letter: LetterFields, source: readonly string[]): Promise<void> {
    const { keys, deadLetterBounds: bounds } = this.#options;
    await this.#change(
      "add-dead-letter",
      [keys.deadLetters, keys.deadLetterMarks, keys.deadLetterCounts, ...source],
      [bounds.letters, bounds.bytes, ...letter],
    );
  }

  async #change(script: ScriptName, keys: readonly string[], args: readonly Argument[]): Promise<void> {
    const { runScript, lease } = this.#options;
    const reply = await runScript(script, [this.#options.keys.lease, ...keys], [lease.token, ...args]);
    if (reply !== 1) {
      throw lease.lose(`cannot run ${script}: another instance has the shard`);
    }
  }
}
