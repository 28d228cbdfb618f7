import { randomUUID } from "node:crypto";
import { RedisTimeSeriesFactory } from "redis-time-series-ts";
import { redactUrl } from "../../../shared/redact-url.ts";
import { redisAddress } from "../../../shared/redis-address.ts";

/** Whether a Redis can be the time series store. `unreachable`: nobody knows, ask again later. */
export type ProbeOutcome =
  | { kind: "suitable" }
  | { kind: "unreachable"; detail: string }
  | { kind: "unsuitable"; detail: string };

const PROBE_RETENTION_MS = 60_000;

/**
 * Creates a series in a Redis, reads back what it is like, and deletes it, on a connection of its own.
 * @param url as `redisAddress` reads it.
 * @param timeoutMs how long to wait for the connection.
 * @returns in `detail` one sentence that names the setting.
 */
export async function probeTimeSeries(url: string, keyPrefix: string, timeoutMs: number): Promise<ProbeOutcome> {
  const factory = new ProbeFactory({
    ...redisAddress(url),
    connectTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  const client = factory.create();
  const key = `${keyPrefix}horizon.probe.${randomUUID()}`;
  try {
    await client.create(key, [], PROBE_RETENTION_MS, undefined, "LAST");
    const { retentionTime, duplicatePolicy } = await client.info(key);
    await client.delete(key);
    await client.disconnect();
    return retentionTime === PROBE_RETENTION_MS && String(duplicatePolicy).toLowerCase() === "last"
      ? { kind: "suitable" }
      : unsuitable(url, "its RedisTimeSeries is too old: retention and duplicate policy of a series are not kept");
  } catch (error) {
    return explain(url, factory.connectionError?.message, error instanceof Error ? error.message : String(error));
  }
}

function explain(url: string, connectionError: string | undefined, words: string): ProbeOutcome {
  if (/unknown command/i.test(words)) {
    return unsuitable(
      url,
      "it has no RedisTimeSeries module (TS.CREATE is unknown); use Redis Stack, or set RTS_ENABLED to false",
    );
  }
  const reason = connectionError ?? words.replace(/^error when executing command ".*": /s, "");
  return { kind: "unreachable", detail: `cannot use RTS_REDIS_URL (${redactUrl(url)}): ${reason}` };
}

function unsuitable(url: string, why: string): ProbeOutcome {
  return { kind: "unsuitable", detail: `cannot use RTS_REDIS_URL (${redactUrl(url)}): ${why}` };
}

/** Keeps the reason why there is no connection, which the package's own client would print and forget. */
class ProbeFactory extends RedisTimeSeriesFactory {
  connectionError: Error | undefined;

  protected override getRedisClient() {
    const client = super.getRedisClient();
    client.on("error", (error: Error) => {
      this.connectionError = error;
    });
    return client;
  }
}
