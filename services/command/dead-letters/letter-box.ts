import type { Redis } from "ioredis";
import { parseDeadLetter } from "../../horizon/dead-letters.ts";
import { shardKeys } from "../../shared/buffer-keys.ts";
import type { LetterSelection } from "./dead-letters-options.ts";
import { isMeant } from "./letter-filter.ts";
import type { LetterId } from "./letter-id.ts";
import type { StoredLetter } from "./letter-summary.ts";

/** As many shards as HORIZON_SHARDS may say: letters stay where they are when it says less than before. */
const MOST_SHARDS = 1024;
/** Letters that are read at a time. */
const PAGE = 100;

/** Where dead letters are read: the commands that it takes, and the prefix of all keys. */
export interface LetterBox {
  readonly redis: Redis;
  readonly keyPrefix: string;
}

/** A dead letter that was asked for by its id, which may not be there. */
export type AskedLetter = StoredLetter | { readonly id: LetterId; readonly letter: undefined };

/** The shards that have dead letters, by number. @throws when Redis does not answer, as all of this file. */
export async function shardsWithLetters({ redis, keyPrefix }: LetterBox): Promise<number[]> {
  const pipeline = redis.pipeline();
  for (let shard = 0; shard < MOST_SHARDS; shard++) {
    pipeline.xlen(shardKeys(keyPrefix, shard).deadLetters);
  }
  const replies = (await pipeline.exec()) ?? [];
  return replies.flatMap(([error, letters], shard) => {
    if (error) {
      throw error;
    }
    return Number(letters) > 0 ? [shard] : [];
  });
}

/** The dead letters of a shard, the newest first. */
export async function* newestLetters(box: LetterBox, shard: number): AsyncGenerator<StoredLetter> {
  const key = shardKeys(box.keyPrefix, shard).deadLetters;
  let end = "+";
  for (;;) {
    const entries = await box.redis.xrevrangeBuffer(key, end, "-", "COUNT", PAGE);
    for (const [entry, fields] of entries) {
      yield { id: { shard, entry: entry.toString() }, letter: parseDeadLetter(fields) };
      end = `(${entry.toString()}`;
    }
    if (entries.length < PAGE) {
      return;
    }
  }
}

/**
 * The dead letters that are meant, shard by shard, the oldest first. Those that come while this is read do not belong
 * to them: what is replayed may be refused again.
 */
export async function* selectedLetters(
  box: LetterBox,
  selection: LetterSelection,
  nowMs: number,
): AsyncGenerator<AskedLetter> {
  if (selection.kind === "named") {
    for (const id of selection.ids) {
      yield await readLetter(box, id);
    }
    return;
  }
  for (const shard of await shardsWithLetters(box)) {
    for await (const stored of oldestLetters(box, shard)) {
      if (isMeant(stored.letter, selection.filter, nowMs)) {
        yield stored;
      }
    }
  }
}

/** The dead letter of an id. */
export async function readLetter({ redis, keyPrefix }: LetterBox, id: LetterId): Promise<AskedLetter> {
  const key = shardKeys(keyPrefix, id.shard).deadLetters;
  const [found] = await redis.xrangeBuffer(key, id.entry, id.entry);
  return { id, letter: found && parseDeadLetter(found[1]) };
}

async function* oldestLetters({ redis, keyPrefix }: LetterBox, shard: number): AsyncGenerator<StoredLetter> {
  const key = shardKeys(keyPrefix, shard).deadLetters;
  const [last] = await redis.xrevrange(key, "+", "-", "COUNT", 1);
  let start = "-";
  for (let isMore = last !== undefined; isMore; ) {
    const entries = await redis.xrangeBuffer(key, start, last?.[0] ?? "+", "COUNT", PAGE);
    for (const [entry, fields] of entries) {
      yield { id: { shard, entry: entry.toString() }, letter: parseDeadLetter(fields) };
      start = `(${entry.toString()}`;
    }
    isMore = entries.length === PAGE;
  }
}
