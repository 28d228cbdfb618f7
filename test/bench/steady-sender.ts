import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { benchLabels } from "./bench-labels.ts";
import { FLUX_HEADERS } from "./flux-contestant.ts";
import { post, REMOTE_WRITE_HEADERS } from "./send.ts";
import { requestBody, seriesMessage } from "./series-message.ts";

const PER_REQUEST = 2000;
const MAX_SOCKETS = 8;
const RETRY_MS = 1000;
const MINUTE_MS = 60_000;

export interface SteadyRate {
  readonly series: number;
  readonly samplesPerSecond: number;
  readonly seconds: number;
}

/** What a sender knows of what it has sent. */
export interface SentAccount {
  /** Answered 2xx. */
  readonly samples: number;
  /** Pairs of a series and a minute in which it has a sample: what RedisTimeSeries keeps. */
  readonly seriesMinutes: number;
  /** Requests that had to be sent again. */
  readonly retries: number;
  /** How long after the moment at which it was due the last request was answered. */
  readonly lateMs: number;
}

/**
 * Sends samples of the same series over and over at a rate, 2000 a request, each with the time at which it was due, and
 * sends again what was not taken, as a Prometheus does.
 */
export async function sendSteadily(
  url: string,
  { series, samplesPerSecond, seconds }: SteadyRate,
): Promise<SentAccount> {
  const messages = Array.from({ length: series }, (_, i) => seriesMessage(benchLabels(i), i * 1.1));
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const minutes = new Set<string>();
  const calls: Promise<number>[] = [];
  const requests = Math.round((samplesPerSecond * seconds) / PER_REQUEST);
  const startMs = Date.now();
  for (let i = 0; i < requests; i++) {
    const dueMs = Math.round(startMs + (i * PER_REQUEST * 1000) / samplesPerSecond);
    await delay(Math.max(0, dueMs - Date.now()));
    const first = (i * PER_REQUEST) % series;
    minutes.add(`${first} ${Math.floor(dueMs / MINUTE_MS)}`);
    calls.push(postUntilTaken(agent, url, requestBody(messages.slice(first, first + PER_REQUEST), dueMs)));
  }
  const retries = await Promise.all(calls);
  agent.destroy();
  return {
    samples: requests * PER_REQUEST,
    seriesMinutes: minutes.size * PER_REQUEST,
    retries: retries.reduce((sum, count) => sum + count, 0),
    lateMs: Date.now() - (startMs + seconds * 1000),
  };
}

/** @returns how often it had to be sent again. @throws when it is refused for good. */
async function postUntilTaken(agent: Agent, url: string, body: Buffer): Promise<number> {
  for (let retries = 0; ; retries++) {
    const { status, text } = await post(agent, url, { ...REMOTE_WRITE_HEADERS, ...FLUX_HEADERS }, body);
    if (status >= 200 && status < 300) {
      return retries;
    }
    if (status < 500 && status !== 429) {
      throw new Error(`the answer is ${status}: ${text}`);
    }
    await delay(RETRY_MS);
  }
}
