import assert from "node:assert/strict";
import { test } from "node:test";
import { SeriesTable } from "../../services/horizon/series-table.ts";
import { toWireLabels } from "../../services/horizon/wire-labels.ts";
import { loadBodyWriter } from "../../services/kernel/load-body-writer.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { ByteSpace, type KeptBytes } from "../../services/shared/byte-space.ts";
import { encodeLabels } from "../../services/shared/label-bytes.ts";
import { labelSet } from "../horizon/support/known-series.ts";
import { createRandom, type Random } from "../support/random.ts";
import { SPECIAL_VALUE_BITS } from "../support/special-values.ts";
import { writeRequestBody } from "../support/write-request.ts";

const MAX_BYTES = 1 << 26;
const writer = loadBodyWriter();

interface Spec {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [timestampMs: number, bits: bigint])[];
}

/** The body that the writer makes, of series in one space. */
function bodyOf(specs: readonly Spec[]): Buffer {
  const space = new ByteSpace(262_144);
  const samples = specs.flatMap((spec) => spec.samples);
  const firsts: number[] = [];
  let first = 0;
  for (const { samples: own } of specs) {
    firsts.push(first);
    first += own.length;
  }
  const labels = new SeriesTable();
  const numbers = Int32Array.from(specs, (spec, i) => labels.add(BigInt(i), wireLabels(space, spec.labels)));
  const runs = {
    groups: Int32Array.from(specs.keys()),
    firsts: Int32Array.from(firsts),
    counts: Int32Array.from(specs, ({ samples: own }) => own.length),
  };
  return writer.write(runs, {
    numbers,
    labels,
    timestampsMs: Float64Array.from(samples, ([timestampMs]) => timestampMs),
    valueBits: BigUint64Array.from(samples, ([, bits]) => bits),
  });
}

function wireLabels(space: ByteSpace, labels: Spec["labels"]): KeptBytes {
  return space.keep(toWireLabels(encodeLabels(labelSet(labels))) ?? Buffer.alloc(0));
}

/** What a body says, or why it cannot be read. */
function read(body: Buffer) {
  const answer = referenceCodec.readWriteRequest(body, MAX_BYTES);
  if (!answer.ok) {
    return answer;
  }
  const { series, timestampsMs, valueBits } = answer.request;
  return {
    series: series.map(({ rawLabels, firstSample, sampleCount }) => [rawLabels, firstSample, sampleCount]),
    samples: Array.from(timestampsMs, (timestampMs, i) => [timestampMs, valueBits[i]]),
  };
}

/** The same body is made by a sender's protobuf and snappy libraries and read. */
function assertSame(specs: readonly Spec[], message?: string): void {
  const asASender = writeRequestBody(
    specs.map(({ labels, samples }) => ({
      labels: labelSet(labels).map(({ name, value }) => [name, value] as const),
      samples: samples.map(([timestampMs, value]) => ({ timestampMs, value })),
    })),
  );
  assert.deepEqual(read(bodyOf(specs)), read(asASender), message);
}

test("every value keeps its 64 bits, and times of every size and sign are exact", () => {
  const times = [0, -1, 1, 127, 128, 2 ** 35, 2 ** 50, -(2 ** 50), 1_700_000_000_123];
  const values = Object.values(SPECIAL_VALUE_BITS);
  assertSame([
    { labels: { __name__: "times" }, samples: times.map((timestampMs) => [timestampMs, 1n]) },
    { labels: { __name__: "values" }, samples: values.map((bits, i) => [i, bits]) },
  ]);
});

test("labels of any length and script are as they were", () => {
  assertSame([
    { labels: { __name__: "a", x: "ü".repeat(9000) }, samples: [[1, 1n]] },
    { labels: { __name__: "a", x: "ü".repeat(9000), 日本: "💥" }, samples: [[1, 1n]] },
    { labels: { __name__: "a", x: "ü".repeat(80_000) }, samples: [[1, 1n]] },
    { labels: { __name__: "a", x: "ü".repeat(80_000) }, samples: [[1, 1n]] },
  ]);
});

test("any series in any order are read as those that a sender's libraries write", () => {
  const random = createRandom();
  for (let round = 0; round < 300; round++) {
    assertSame(randomSpecs(random), `seed ${random.seed}, round ${round}`);
  }
});

test("series that stand apart, in memory and in the columns, are put together", () => {
  const [one, other] = [new ByteSpace(262_144), new ByteSpace(262_144)];
  const names = ["m4", "m0", "m3", "m1", "m2"];
  const labels = new SeriesTable();
  const numbers = Int32Array.from(names, (name, i) =>
    labels.add(BigInt(i), wireLabels(i % 2 ? one : other, { __name__: name })),
  );
  const runs = {
    groups: Int32Array.of(1, 3, 4, 2, 0),
    firsts: Int32Array.of(5, 0, 2, 3, 1),
    counts: new Int32Array(5).fill(1),
  };
  const columns = {
    numbers,
    labels,
    timestampsMs: Float64Array.of(0, 1, 2, 3, 4, 5),
    valueBits: BigUint64Array.of(10n, 11n, 12n, 13n, 14n, 15n),
  };
  const body = writer.write(runs, columns);
  assert.deepEqual(
    read(body),
    read(bodyOf([5, 0, 2, 3, 1].map((at, i) => ({ labels: { __name__: `m${i}` }, samples: [[at, BigInt(at + 10)]] })))),
  );
});

test("a body is much smaller than its series where these are alike", () => {
  const specs = Array.from(
    { length: 1000 },
    (_, i): Spec => ({
      labels: { __name__: "http_requests_total", instance: `host-${i}:9100`, job: "node", path: "/api/v1/write" },
      samples: [1, 2, 3, 4].map((n) => [
        1_700_000_000_000 + 15_000 * n,
        (BigInt(i * n) * 0x9e3779b97f4a7c15n) & 0xffff_ffff_ffffn,
      ]),
    }),
  );
  const { length } = bodyOf(specs);
  const asASender = writeRequestBody(
    specs.map(({ labels, samples }) => ({
      labels,
      samples: samples.map(([timestampMs, value]) => ({ timestampMs, value })),
    })),
  );
  assert.ok(length < 1.5 * asASender.length, `${length} bytes, snappy's own encoder makes ${asASender.length}`);
});

test("a body without series is one zero byte", () => {
  assert.deepEqual([...bodyOf([])], [0]);
});

/** Series with names, labels, times and values of which many are the same. */
function randomSpecs(random: Random): Spec[] {
  const text = (length: number) => Array.from({ length }, () => random.pick(["a", "b", "é", "xyz"])).join("");
  const times = Array.from({ length: 6 }, (_, i) =>
    random.pick([1_700_000_000_000 + i * 15_000, i, -5 + i, 2 ** 50 + i]),
  );
  const values = [1n, 2n, 0x7ff0000000000002n, 0n];
  return Array.from({ length: random.below(30) }, () => {
    const labels: Record<string, string> = { __name__: `metric_${random.below(5)}` };
    for (const name of ["aa", "ab", "b", "instance", "job", "z".repeat(130)]) {
      if (random.below(3) > 0) {
        labels[name] = random.pick(["v", text(random.below(4)), text(random.below(200)), "host-1:9100"]) || "x";
      }
    }
    const samples = times
      .filter(() => random.below(4) > 0)
      .map((timestampMs): [number, bigint] => [
        timestampMs,
        random.pick([1n, ...values, BigInt(random.below(2 ** 31))]),
      ]);
    return { labels, samples: samples.length > 0 ? samples : [[7, 7n]] };
  });
}
