import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { seriesKey } from "../support/compare-series.ts";
import { writeRequestBody } from "../support/write-request.ts";
import type { Book, BookEntry } from "./book.ts";

/** What senders need. */
export interface SenderOptions {
  readonly url: string;
  readonly key: string;
  readonly tenant: string;
  readonly seriesCount: number;
  readonly everyMs: number;
  readonly book: Book;
  /** The faults that are on now, in words. */
  readonly faults: () => string;
  /** Whether new samples are to be made now. */
  readonly isMaking: () => boolean;
  /** Numbers requests, over all senders; also makes values that nobody else sends. */
  readonly nextRequest: () => number;
}

/** How senders write; each request of a sender uses the next one. */
const DIALECTS = ["remote_write", "remote_write", "remote_write", "json", "lines"] as const;
type Dialect = (typeof DIALECTS)[number];

interface Outgoing {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly entries: readonly BookEntry[];
}

const SERVER = "1";
/** As many as a Prometheus with two shards. */
const CONNECTIONS = 2;
const RETRY_MS = 200;
const TIMEOUT_MS = 5000;

/**
 * Sends samples of one tenant at a fixed rate, and everything that is answered 5xx, 429 or not at all again with the
 * same bytes, as Prometheus does, until `givingUp`. Each sample has a time of its own and a whole number as its value
 * that no other has.
 * @param stopping no new samples are made. @returns when everything was acknowledged or given up.
 */
export async function runSender(options: SenderOptions, stopping: AbortSignal, givingUp: AbortSignal): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const queue: Outgoing[] = [];
  const deliver = async () => {
    while (!givingUp.aborted && (queue.length > 0 || !stopping.aborted)) {
      const next = queue.shift();
      if (next === undefined) {
        await delay(10);
      } else {
        await deliverOne(agent, options, next, givingUp);
      }
    }
  };
  const delivering = Array.from({ length: CONNECTIONS }, deliver);
  while (!stopping.aborted) {
    if (options.isMaking()) {
      const number = options.nextRequest();
      queue.push(makeRequest(options, number, DIALECTS[number % DIALECTS.length] ?? "remote_write"));
    }
    await delay(options.everyMs);
  }
  await Promise.all(delivering);
  agent.destroy();
}

async function deliverOne(agent: Agent, options: SenderOptions, outgoing: Outgoing, givingUp: AbortSignal) {
  while (!givingUp.aborted) {
    const answer = await post(agent, options, outgoing);
    if (answer.status >= 200 && answer.status < 300) {
      for (const entry of outgoing.entries) {
        entry.acknowledged = true;
      }
      return;
    }
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
      throw new Error(`a good request was refused for good: ${answer.status} ${answer.text.slice(0, 300)}`);
    }
    await delay(RETRY_MS);
  }
}

function makeRequest(options: SenderOptions, number: number, dialect: Dialect): Outgoing {
  const { tenant, key, seriesCount } = options;
  const timestampMs = Date.now();
  const headers = { key, "x-tenant-id": tenant, "x-server-id": SERVER };
  const name = `ledger_${dialect}`;
  const samples = Array.from({ length: seriesCount }, (_, i) => ({ i: String(i), value: number * seriesCount + i }));
  const entries = samples.map(({ i, value }) =>
    options.book.note({
      tenant,
      series: seriesKey({ __name__: name, _tenant_id: tenant, _server_id: SERVER, i }),
      timestampMs,
      value,
      request: number,
      fault: options.faults(),
    }),
  );
  switch (dialect) {
    case "remote_write": {
      const series = samples.map(({ i, value }) => ({
        labels: { __name__: name, i },
        samples: [{ timestampMs, value }],
      }));
      return { path: "/prometheus/write", headers, body: writeRequestBody(series), entries };
    }
    case "json": {
      const metrics = samples.map(({ i, value }) => ({ metric: `${name}{i="${i}"}`, timestamp: timestampMs, value }));
      const body = Buffer.from(JSON.stringify({ key, metrics }));
      return { path: "/prometheus/write", headers: { ...headers, "content-type": "application/json" }, body, entries };
    }
    case "lines": {
      const body = Buffer.from(
        samples.map(({ i, value }) => `${name},i=${i} value=${value} ${timestampMs}`).join("\n"),
      );
      return { path: "/write?db=ledger&precision=ms", headers, body, entries };
    }
  }
}

/** @returns the answer; status 0 where there was none, or not a whole one. */
function post(agent: Agent, { url }: SenderOptions, { path, headers, body }: Outgoing) {
  return new Promise<{ status: number; text: string }>((resolve) => {
    const none = (error: Error) => resolve({ status: 0, text: error.message });
    const call = request(`${url}${path}`, {
      agent,
      method: "POST",
      headers: { ...headers, "content-length": body.length },
      timeout: TIMEOUT_MS,
    });
    call.on("error", none);
    call.on("timeout", () => call.destroy(new Error("no answer in time")));
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", none);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    call.end(body);
  });
}
