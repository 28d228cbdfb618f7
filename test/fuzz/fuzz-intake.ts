import assert from "node:assert/strict";
import { validateHeaderValue } from "node:http";
import type { InjectOptions } from "fastify";
import { BufferWriter } from "../../services/flux/buffer-writer.ts";
import { createDialects, dialectOf } from "../../services/flux/dialects/choose-dialect.ts";
import { handleWrite } from "../../services/flux/handle-write.ts";
import type { Answer } from "../../services/flux/http/answer.ts";
import type { KeptSamples } from "../../services/flux/intake/intake.ts";
import { storedLabels } from "../../services/flux/intake/stored-name.ts";
import type { WriteRequest } from "../../services/flux/write-request.ts";
import { loadKernel } from "../../services/kernel/load-kernel.ts";
import { labelValue, SERVER_LABEL, TENANT_LABEL } from "../../services/shared/series.ts";
import { createSeriesHasher } from "../../services/shared/series-id.ts";
import { buildTestApp } from "../flux/support/test-app.ts";

const SENDER = { key: "key-of-acme", "x-tenant-id": "acme", "x-server-id": "1" } as const;
const hasher = await createSeriesHasher();
const kernel = loadKernel((error) => assert.fail(String(error)));

/** A request to write, without its sender. */
export interface FuzzInput {
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A Flux whose Redis takes everything, and what it has been given and has counted. */
export interface FuzzIntake {
  /** Handles a request as the routes do. @throws what handling it throws, and what is wrong with its answer. */
  handle(input: FuzzInput): Promise<Answer>;
  /** Sends a request through the HTTP application. @returns the status of its answer. */
  inject(input: FuzzInput): Promise<number>;
  /** @throws AssertionError unless every sample and every request that came is counted once. */
  checkAccounts(): Promise<void>;
}

/** Limits are the default ones. */
export function createFuzzIntake(): FuzzIntake {
  const sums = { requests: 0, commits: 0, samples: 0 };
  const writer = acceptingWriter();
  const { app, flux, registry, memory } = buildTestApp({
    settings: { FLUX_MAX_BODY_BYTES: "16777216", FLUX_MAX_UNCOMPRESSED_BYTES: "67108864" },
    commit: async (kept, owner, limits) => {
      sums.commits++;
      sums.samples += kept.series.length;
      checkOwner(kept);
      return writer.commit(kept, owner, limits);
    },
  });
  const dialects = createDialects(flux.codec);
  return {
    handle: async ({ url, headers, body }) => {
      sums.requests++;
      const [path = "", query = ""] = url.split(/\?(.*)/s);
      const reservation = memory.reserve();
      const request: WriteRequest = {
        ...{ path, query: new URLSearchParams(query), headers: { ...SENDER, ...headers } },
        ...{ body: { read: async () => ({ ok: true, body }) }, memory: reservation },
      };
      const answer = await handleWrite(flux, dialectOf(request, dialects), request);
      reservation.release();
      assert.equal(memory.usedBytes, 0, "all memory is given back");
      checkAnswer(answer);
      return answer;
    },
    inject: async ({ url, headers, body }) => {
      sums.requests++;
      const request: InjectOptions = { method: "POST", url, headers: { ...SENDER, ...headers }, payload: body };
      return (await app.inject(request)).statusCode;
    },
    checkAccounts: async () => {
      const counted = sumsOf(await registry.metrics());
      const { received = 0, stored = 0, dropped = 0, refused = 0 } = counted.samples;
      assert.equal(received, stored + dropped + refused, "every sample that came is counted once");
      assert.equal(stored, sums.samples, "what is counted as stored is what Redis was given");
      assert.equal(
        sums.commits + counted.refusedRequests,
        sums.requests,
        "every request was taken or counted as refused",
      );
    },
  };
}

/** The real writer, on a Redis that says yes. */
function acceptingWriter(): BufferWriter {
  return new BufferWriter({
    runScript: async () => ["ok"],
    hasher,
    blocks: kernel,
    keyPrefix: "",
    shards: 2,
    maxBytes: 1e12,
    registryRetentionMs: 3_600_000,
    now: Date.now,
    typesOf: () => () => "unknown",
    onEvent: () => assert.fail("the registry of this Redis never changes"),
  });
}

/** Whatever is sent, it is the sender's and nobody else's. */
function checkOwner({ series, known }: KeptSamples): void {
  for (const one of new Set(series)) {
    const labels = storedLabels(known.recordOf(one));
    const names = labels.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length, "no label stands twice");
    assert.equal(labelValue(labels, TENANT_LABEL), SENDER["x-tenant-id"]);
    assert.equal(labelValue(labels, SERVER_LABEL), SENDER["x-server-id"]);
  }
}

function checkAnswer({ status, headers, body }: Answer): void {
  assert.ok((status >= 200 && status < 300) || (status >= 400 && status < 500), `answered ${status}: ${body}`);
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderValue(name, value);
  }
  if (body !== undefined) {
    JSON.parse(body);
  }
}

/** The sums over tenants and reasons of a page of metrics. */
function sumsOf(page: string): { samples: Partial<Record<string, number>>; refusedRequests: number } {
  const samples: Partial<Record<string, number>> = {};
  let refusedRequests = 0;
  for (const [, what = "", value] of page.matchAll(/^flux_samples_(\w+)_total\{.*\} (\d+)$/gm)) {
    samples[what] = (samples[what] ?? 0) + Number(value);
  }
  for (const [, value] of page.matchAll(/^flux_requests_refused_total\{.*\} (\d+)$/gm)) {
    refusedRequests += Number(value);
  }
  return { samples, refusedRequests };
}
