import type { Redis } from "ioredis";

/** What is wrong with a Redis as the buffer: a reason not to start, and things that its operator should know. */
export interface RedisProblem {
  readonly refuse?: string;
  readonly warn: string[];
}

/**
 * What a Redis says about its memory and its files, as text for `describeRedisProblem`: INFO memory and persistence,
 * and a line `appendfsync:…` where CONFIG GET is allowed.
 */
export async function readRedisInfo(redis: Pick<Redis, "info" | "config">): Promise<string> {
  const memory = await redis.info("memory");
  const persistence = await redis.info("persistence");
  return [memory, persistence, await readFsync(redis)].join("\r\n");
}

async function readFsync(redis: Pick<Redis, "config">): Promise<string> {
  try {
    const reply: unknown = await redis.config("GET", "appendfsync");
    return Array.isArray(reply) ? `appendfsync:${reply[1]}` : "";
  } catch (error) {
    // Redis as a service mostly forbids CONFIG: then this cannot be known, and nothing is said about it.
    if (error instanceof Error && error.name === "ReplyError") {
      return "";
    }
    throw error;
  }
}

/**
 * Judges a Redis by what it says of itself: one that may evict keys would throw away acknowledged samples; one that
 * writes no log loses them when it dies.
 * @param info lines `name:value` as `readRedisInfo` gives them. What they do not say is not judged.
 */
export function describeRedisProblem(info: string): RedisProblem {
  const fields = new Map(info.split(/\r?\n/).map((line) => splitOnce(line.trim(), ":")));
  const warn = describeLoss(fields);
  const policy = fields.get("maxmemory_policy");
  return policy === undefined || policy === "noeviction"
    ? { warn }
    : {
        refuse:
          `cannot use this Redis as the buffer: its maxmemory-policy is ${policy}, so it may throw away samples that ` +
          "were acknowledged; set `maxmemory-policy noeviction` in its configuration",
        warn,
      };
}

function describeLoss(fields: ReadonlyMap<string, string>): string[] {
  if (fields.get("aof_enabled") === "0") {
    return [
      "Redis keeps no append-only file: when it stops or dies, every sample since its last snapshot that has not " +
        "reached the stores is lost; set `appendonly yes` and `appendfsync always`",
    ];
  }
  switch (fields.get("appendfsync") ?? "") {
    case "everysec":
      return [
        "Redis brings its append-only file to the disk once a second: a power cut loses the last second or two of " +
          "acknowledged samples, a crash of Redis alone none; set `appendfsync always`",
      ];
    case "no":
      return [
        "Redis leaves it to the system when its append-only file reaches the disk: a power cut loses half a minute " +
          "or more of acknowledged samples, a crash of Redis alone none; set `appendfsync always`",
      ];
    default:
      return [];
  }
}

function splitOnce(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}
