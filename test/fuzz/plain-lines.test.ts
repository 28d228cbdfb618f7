import assert from "node:assert/strict";
import { test } from "node:test";
import { createDialects, dialectOf } from "../../services/flux/dialects/choose-dialect.ts";
import { type InfluxOptions, parseInfluxPayload } from "../../services/flux/formats/influx-payload.ts";
import { handleWrite } from "../../services/flux/handle-write.ts";
import type { KeptSamples } from "../../services/flux/intake/intake.ts";
import type { Codec, DecodedWriteRequest } from "../../services/kernel/codec.ts";
import { loadKernel } from "../../services/kernel/load-kernel.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { namesOf } from "../flux/support/known-series.ts";
import { buildTestApp, KEY } from "../flux/support/test-app.ts";
import { createRandom, type Random } from "../support/random.ts";
import type { FuzzInput } from "./fuzz-intake.ts";
import { LINE_SENDERS } from "./inputs/line-protocol.ts";
import { linesOfAnyKind } from "./inputs/plain-lines.ts";

const INPUTS = 100_000;
/** Through everything from the headers to the samples that Redis is given. */
const WHOLE_INPUTS = 3000;
/** Requests of one intake. It must not have to forget series: with the kernel, one may be remembered several times. */
const INPUTS_OF_INTAKE = 50;
const NOW_MS = 1_732_151_001_123;
const RULES = [{}, {}, { dropmetrics: "^host" }, { droplabels: '[["cpu", ".*"], ["instance", "10.*"]]' }] as const;

const kernel = loadKernel((error) => assert.fail(String(error)));

test(`${INPUTS} bodies of lines mean the same to the kernel and to the reference parser, to the bit and to the word`, (t) => {
  const random = createRandom();
  const counts = { plain: 0, others: 0 };
  for (let number = 0; number < INPUTS; number++) {
    const body = linesOfAnyKind(random);
    const options = randomOptions(random);
    const context = () => `input ${number}, seed ${random.seed}: ${JSON.stringify(body.toString("latin1"))}`;
    assert.deepEqual(readWithKernel(body, options, counts), outcome(parseInfluxPayload(body, options)), context());
  }
  const { plain, others } = counts;
  t.diagnostic(`${plain} samples of plain lines, ${others} of others; seed ${random.seed}`);
  assert.ok(plain > INPUTS / 2, `only ${plain} samples were read by the kernel alone`);
});

test(`${WHOLE_INPUTS} requests of lines are answered, stored and counted the same with the kernel and without it`, async () => {
  const random = createRandom();
  for (let first = 0; first < WHOLE_INPUTS; first += INPUTS_OF_INTAKE) {
    const ours = recordingIntake();
    const theirs = recordingIntake(referenceCodec);
    for (let number = first; number < first + INPUTS_OF_INTAKE; number++) {
      const { url, headers } = random.pick(LINE_SENDERS);
      const input = { url, headers: { ...headers, ...random.pick(RULES) }, body: linesOfAnyKind(random) };
      const context = () => `input ${number}, seed ${random.seed}: ${url} ${input.body.toString("latin1")}`;
      assert.deepEqual(await ours.handle(input), await theirs.handle(input), context());
    }
    assert.deepEqual(await ours.counted(), await theirs.counted(), `inputs from ${first}, seed ${random.seed}`);
  }
});

/** @param codec instead of the kernel. */
function recordingIntake(codec?: Codec) {
  let stored: string[] = [];
  const commit = async (kept: KeptSamples) => {
    const { timestampsMs, valueBits } = kept;
    stored = namesOf(kept).map((name, i) => `${name} ${valueBits[i]}@${timestampsMs[i]}`);
    return { ok: true, registeredSeries: 0, blockBytes: 0 } as const;
  };
  const app = buildTestApp({ commit, settings: { FLUX_MAX_SAMPLE_AGE_SECONDS: "0", INFLUX_DB_PREFIX: "db" } });
  const flux = { ...app.flux, ...(codec && { codec }), now: () => NOW_MS };
  const dialects = createDialects(flux.codec);
  const sender = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
  return {
    handle: async ({ url, headers, body }: FuzzInput) => {
      stored = [];
      const [path = "", query = ""] = url.split(/\?(.*)/s);
      const memory = app.memory.reserve();
      const read = async () => ({ ok: true, body }) as const;
      const own = { ...sender, ...headers };
      const request = { path, query: new URLSearchParams(query), headers: own, body: { read }, memory };
      const answer = await handleWrite(flux, dialectOf(request, dialects), request);
      memory.release();
      return { answer, stored };
    },
    counted: async () =>
      (await app.registry.metrics()).match(/^flux_(samples|series_merged|requests|influx)\w*\{.*$/gm),
  };
}

function randomOptions(random: Random): InfluxOptions {
  return {
    precision: random.pick(["ns", "us", "ms", "ms", "s", "m", "h", "auto"]),
    adapter: random.pick(["none", "none", "v1", "v2"]),
    prefix: random.pick(["", "", "db", "é", "1\n"]),
    stringFields: random.pick(["drop", "drop", "number", "info"]),
    nowMs: NOW_MS,
    maxSamples: random.below(20) === 0 ? random.below(8) : 1_000_000,
    maxLabelBytes: random.below(20) === 0 ? random.below(300) : 1e8,
  };
}

function readWithKernel(body: Buffer, options: InfluxOptions, counts: { plain: number; others: number }) {
  let others = 0;
  const read = parseInfluxPayload(body, options, {
    openLines: (...opened) => {
      const lines = kernel.openLines(...opened);
      return {
        walk: (from) => lines.walk(from),
        add: (...sample) => {
          others++;
          lines.add(...sample);
        },
        finish: () => lines.finish(),
      };
    },
  });
  counts.others += others;
  counts.plain += read.ok ? read.payload.request.series.length - others : 0;
  return outcome(read);
}

function outcome(read: ReturnType<typeof parseInfluxPayload>) {
  return read.ok ? { ...read.payload, request: rowsOf(read.payload.request) } : read;
}

/** Samples by text, which compares in a tenth of the time. */
function rowsOf({ series, timestampsMs, valueBits, metadata, unreadMetadata }: DecodedWriteRequest) {
  const rows = series.map(({ rawLabels, firstSample, sampleCount, histogramCount, exemplarCount }) =>
    [rawLabels, firstSample, sampleCount, histogramCount, exemplarCount].join(" "),
  );
  return { rows, times: timestampsMs.join(" "), values: valueBits.join(" "), metadata, unreadMetadata };
}
