import { type FilterBuilder, RedisTimeSeriesFactory } from "redis-time-series-ts";
import { redisAddress } from "../../shared/redis-address.ts";

/** What reading takes of the package's client. */
export type TimeSeriesReader = Pick<ReturnType<RedisTimeSeriesFactory["create"]>, "queryIndex" | "info" | "range">;

export interface OpenReader extends TimeSeriesReader {
  close(): void;
}

const MAX_RECONNECT_DELAY_MS = 1000;

/**
 * Begins to connect a client for reading, and again for ever when the connection is lost. Commands never wait for a
 * connection: without one they reject at once, with the reason why there is none.
 * @param url as `redisAddress` reads it.
 * @param timeoutMs how long to wait for the connection, and for the reply to a command.
 */
export function openTimeSeriesReader(url: string, timeoutMs: number): OpenReader {
  const factory = new ReaderFactory({
    ...redisAddress(url),
    connectionName: "horizon-reads",
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: MAX_RECONNECT_DELAY_MS,
    retryStrategy: (attempt) => Math.min(50 * 2 ** (attempt - 1), MAX_RECONNECT_DELAY_MS),
  });
  const client = factory.create();
  return {
    queryIndex: (filters: FilterBuilder) => factory.explain(client.queryIndex(filters)),
    info: (key) => factory.explain(client.info(key)),
    range: (...request) => factory.explain(client.range(...request)),
    close: () => factory.disconnect(),
  };
}

type Connection = ReturnType<ReaderFactory["connect"]>;

/** Keeps hold of the connection, which the package's client hides. */
class ReaderFactory extends RedisTimeSeriesFactory {
  #connection: Connection | undefined;
  #reason = "there is no connection yet";

  connect() {
    return super.getRedisClient();
  }

  disconnect(): void {
    this.#connection?.disconnect();
  }

  /** Makes errors say what the module said, or why there is no connection, and not which command was sent. */
  async explain<Reply>(reply: Promise<Reply>): Promise<Reply> {
    try {
      return await reply;
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      if (/Command timed out$/.test(words)) {
        // On a connection that a broken network keeps silent all commands would time out, for ever.
        this.#connection?.disconnect(true);
      }
      const isLost = this.#connection?.status !== "ready";
      const cause = isLost ? this.#reason : words.replace(/^error when executing command ".*": /s, "");
      throw new Error(cause, { cause: error });
    }
  }

  protected override getRedisClient() {
    const connection = this.connect();
    connection.on("error", (error: Error) => {
      this.#reason = error.message || error.name;
    });
    connection.on("close", () => {
      this.#reason = "the connection was closed";
    });
    this.#connection = connection;
    return connection;
  }
}
