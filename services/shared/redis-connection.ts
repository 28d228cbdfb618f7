import { Redis } from "ioredis";
import type { Logger } from "./logger.ts";
import { redactUrl } from "./redact-url.ts";
import { redisAddress } from "./redis-address.ts";

export { describeRedisProblem, type RedisProblem, readRedisInfo } from "./redis-durability.ts";

const MAX_RECONNECT_DELAY_MS = 1000;
/** How long after a command's own limit a silent socket is given up. */
const SOCKET_GRACE_MS = 500;

export interface RedisConnectionOptions {
  /** What the connection is called in Redis' CLIENT LIST and in the log; no spaces. */
  readonly name: string;
  /** How long to wait for a connection, and for the reply to a command. */
  readonly timeoutMs: number;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/**
 * Begins to connect to Redis, and again for ever whenever the connection is lost, at most a second apart.
 *
 * Commands never wait for a connection: without one they reject at once, and those on their way reject when it is
 * lost (whether Redis has run them is then unknown; none is sent twice). A reply that does not come within `timeoutMs`
 * rejects too. So wait for `waitForRedis` before the first command. Close with `disconnect()`.
 * @param url as `redisAddress` reads it; neither it nor its password is ever logged.
 */
export function connectRedis(url: string, { name, timeoutMs, logger }: RedisConnectionOptions): Redis {
  const redis = new Redis({
    ...redisAddress(url),
    connectionName: name,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    // A connection that a broken network keeps silent is noticed by this alone: commands would time out on it for ever.
    socketTimeout: timeoutMs + SOCKET_GRACE_MS,
    enableOfflineQueue: false,
    // Together: what is on its way when the connection is lost is rejected, neither resent nor left waiting.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: MAX_RECONNECT_DELAY_MS,
    retryStrategy: (attempt) => Math.min(50 * 2 ** (attempt - 1), MAX_RECONNECT_DELAY_MS),
    // After a failover the old primary is a replica: only a new connection finds the new primary.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  });
  logStateChanges(redis, redactUrl(url), name, logger);
  return redis;
}

/**
 * Waits until a connection can take commands, which includes Redis having loaded its data.
 * @param deadlineMs how long to wait.
 * @throws Error with the last reason why there is no connection, when the time is over or the connection was closed.
 */
export function waitForRedis(redis: Redis, deadlineMs: number): Promise<void> {
  if (redis.status === "ready") {
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    let reason = "it did not answer";
    const noteReason = (error: Error) => {
      reason = reasonOf(error);
    };
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      redis.off("error", noteReason).off("ready", succeed).off("end", fail);
      settle();
    };
    const succeed = () => finish(resolve);
    const fail = () => finish(() => reject(new Error(`cannot reach Redis at ${addressOf(redis)}: ${reason}`)));
    const timer = setTimeout(fail, deadlineMs);
    redis.on("error", noteReason).on("ready", succeed).on("end", fail);
    if (redis.status === "end") {
      reason = "the connection was closed from this side";
      fail();
    }
  });
}

/** Why a connection failed. A name with several addresses fails with an error that has a code and no message. */
function reasonOf(error: Error): string {
  return error.message || ("code" in error ? String(error.code) : error.name);
}

function addressOf({ options }: Redis): string {
  return options.path ?? `${options.host ?? "localhost"}:${options.port ?? 6379}`;
}

/**
 * One line when the connection is there, one for each new reason why it is not. Only messages are logged: the errors
 * themselves carry the commands that failed, and AUTH has the password.
 */
function logStateChanges(redis: Redis, url: string, name: string, logger: RedisConnectionOptions["logger"]): void {
  const told = new Set<string>();
  const tell = (reason: string) => {
    if (!told.has(reason)) {
      told.add(reason);
      logger.warn({ connection: name, url, reason }, "No connection to Redis; trying again");
    }
  };
  redis.on("error", (error: Error) => tell(reasonOf(error)));
  redis.on("reconnecting", () => {
    if (told.size === 0) {
      tell("the connection was closed");
    }
  });
  redis.on("ready", () => {
    told.clear();
    logger.info({ connection: name, url }, "Connected to Redis");
  });
}
