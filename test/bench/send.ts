import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** What every request of remote-write 1.0 says of its body. */
export const REMOTE_WRITE_HEADERS = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};

/** Connections that a sender opens at most when it does not wait for answers. */
const MAX_SOCKETS = 16;

/**
 * Posts bodies over a few connections at once, as the shards of a Prometheus do.
 * @throws when an answer is not 2xx.
 */
export async function sendAll(
  url: string,
  headers: Readonly<Record<string, string>>,
  bodies: readonly Buffer[],
  connections: number,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const queue = [...bodies];
  const work = async () => {
    for (let body = queue.shift(); body; body = queue.shift()) {
      await postOrThrow(agent, url, headers, body);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  agent.destroy();
}

/**
 * Posts bodies one after the other, one every so often.
 * @returns how long each took to be answered, in ms. @throws when an answer is not 2xx.
 */
export async function latenciesMs(
  url: string,
  headers: Readonly<Record<string, string>>,
  bodies: readonly Buffer[],
  everyMs: number,
): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const latencies: number[] = [];
  for (const body of bodies) {
    const startMs = performance.now();
    await postOrThrow(agent, url, headers, body);
    const tookMs = performance.now() - startMs;
    latencies.push(tookMs);
    await delay(Math.max(0, everyMs - tookMs));
  }
  agent.destroy();
  return latencies;
}

/**
 * Posts bodies at a rate, whether or not earlier ones have been answered.
 * @param perSecond bodies. @returns how long after the moment at which it was due each was answered, in ms.
 * @throws when an answer is not 2xx.
 */
export async function latenciesAtRateMs(
  url: string,
  headers: Readonly<Record<string, string>>,
  bodies: readonly Buffer[],
  perSecond: number,
): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const startMs = performance.now();
  const calls: Promise<number>[] = [];
  for (const [i, body] of bodies.entries()) {
    const dueMs = startMs + (i * 1000) / perSecond;
    await delay(Math.max(0, dueMs - performance.now()));
    calls.push(postOrThrow(agent, url, headers, body).then(() => performance.now() - dueMs));
  }
  const latencies = await Promise.all(calls);
  agent.destroy();
  return latencies;
}

/** Posts one body. */
export function post(
  agent: Agent,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = { ...headers, "content-length": body.length };
    const call = request(url, { agent, method: "POST", headers: sent });
    call.on("error", reject);
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    call.end(body);
  });
}

async function postOrThrow(...call: Parameters<typeof post>): Promise<void> {
  const { status, text } = await post(...call);
  if (status < 200 || status >= 300) {
    throw new Error(`the answer is ${status}: ${text}`);
  }
}
