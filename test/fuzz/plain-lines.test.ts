import assert from "node:assert/strict";
import { test } from "node:test";
import { type InfluxOptions, parseInfluxPayload } from "../../services/flux/formats/influx-payload.ts";
import type { DecodedWriteRequest } from "../../services/kernel/codec.ts";
import { loadKernel } from "../../services/kernel/load-kernel.ts";
import { createRandom, type Random } from "../support/random.ts";
import { linesOfAnyKind } from "./inputs/plain-lines.ts";

const INPUTS = 100_000;

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

function randomOptions(random: Random): InfluxOptions {
  return {
    precision: random.pick(["ns", "us", "ms", "ms", "s", "m", "h", "auto"]),
    adapter: random.pick(["none", "none", "v1", "v2"]),
    prefix: random.pick(["", "", "db", "é", "1\n"]),
    stringFields: random.pick(["drop", "drop", "number", "info"]),
    nowMs: 1_732_151_001_123,
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
