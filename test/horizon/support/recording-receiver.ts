import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { MetadataEntry } from "../../../services/kernel/codec.ts";
import { referenceCodec } from "../../../services/kernel/reference.ts";

export interface ReceivedSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly { readonly timestampMs: number; readonly bits: bigint }[];
}

/** A request as it came, decoded. */
export interface ReceivedRequest {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly series: readonly ReceivedSeries[];
  readonly metadata: readonly MetadataEntry[];
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A remote-write receiver that keeps what it gets and answers what a test wants. */
export interface RecordingReceiver {
  readonly url: string;
  /** All requests, refused ones too. */
  readonly requests: ReceivedRequest[];
  /** How it answers to a request; "never" leaves it waiting. By default it accepts. */
  answer: (request: ReceivedRequest) => Answer | "never" | Promise<Answer | "never">;
  /** The text of its /metrics; undefined for 404. */
  metrics: string | undefined;
  /** The samples of all accepted requests, by the text of their labels, each as "time:bits in hex". */
  accepted(): Map<string, string[]>;
  stop(): Promise<void>;
}

/** @param port 0 for any free one. @param tls PEM key and certificate; left out, it speaks plain HTTP. */
export async function startRecordingReceiver(
  port = 0,
  tls?: { readonly key: string; readonly cert: string },
): Promise<RecordingReceiver> {
  const accepted: ReceivedRequest[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method === "GET" || request.method === "HEAD") {
        response.writeHead(receiver.metrics === undefined ? 404 : 200).end(receiver.metrics);
        return;
      }
      const received = { url: request.url ?? "", headers: request.headers, ...decode(Buffer.concat(chunks)) };
      receiver.requests.push(received);
      void Promise.resolve(receiver.answer(received)).then((answer) => {
        if (answer === "never") {
          return;
        }
        if (answer.status < 300) {
          accepted.push(received);
        }
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  const receiver: RecordingReceiver = {
    url: `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    answer: () => ({ status: 204 }),
    metrics: "process_start_time_seconds 1\n",
    accepted: () => collect(accepted),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

/** The labels of a series as one text. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort());
}

function collect(requests: readonly ReceivedRequest[]): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const { labels, samples } of requests.flatMap(({ series }) => series)) {
    const text = labelText(labels);
    const known = all.get(text) ?? [];
    known.push(...samples.map(({ timestampMs, bits }) => `${timestampMs}:${bits.toString(16)}`));
    all.set(text, known);
  }
  return all;
}

function decode(body: Buffer): Pick<ReceivedRequest, "series" | "metadata"> {
  const expanded = referenceCodec.uncompress(body, 64 * 1024 * 1024);
  assert.ok(expanded.ok, "the body is not a snappy block");
  const decoded = referenceCodec.decodeWriteRequest(expanded.bytes);
  assert.ok(decoded.ok, "the body is not a WriteRequest");
  const { series, timestampsMs, valueBits, metadata } = decoded.request;
  const received = series.map(({ rawLabels, firstSample, sampleCount }) => {
    const labels = referenceCodec.decodeLabels(rawLabels);
    assert.ok(labels.ok);
    return {
      labels: Object.fromEntries(labels.labels.map(({ name, value }) => [name, value])),
      samples: Array.from({ length: sampleCount }, (_, i) => ({
        timestampMs: timestampsMs[firstSample + i] ?? 0,
        bits: valueBits[firstSample + i] ?? 0n,
      })),
    };
  });
  return { series: received, metadata };
}
