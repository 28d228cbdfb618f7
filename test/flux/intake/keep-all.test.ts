import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Intake, takeIn } from "../../../services/flux/intake/intake.ts";
import { keepAll } from "../../../services/flux/intake/keep-all.ts";
import { compileRules, type RuleSource } from "../../../services/flux/intake/rules.ts";
import { SeriesTable, type StreamSeries } from "../../../services/flux/intake/series-table.ts";
import { Stream } from "../../../services/flux/intake/stream.ts";
import type { DecodedWriteRequest } from "../../../services/kernel/codec.ts";
import { loadKernel } from "../../../services/kernel/load-kernel.ts";
import { createSeriesHasher } from "../../../services/shared/series-id.ts";
import { createRandom, type Random } from "../../support/random.ts";
import { type SeriesSpec, writeRequestBody } from "../../support/write-request.ts";

const limits = { maxLabels: 40, maxLabelNameBytes: 256, maxLabelValueBytes: 4096, maxSeriesBytes: 16_384 };
const hasher = await createSeriesHasher();
const bounds = { nowMs: 1000, oldestMs: 500, newestMs: 1500 };

/** What a Flux makes of requests, and what another makes of the same without keeping any of them whole. */
class TwoIntakes {
  readonly #kernels = [createKernel(), createKernel()] as const;
  readonly #streams = this.#kernels.map((kernel) => openStream(kernel));

  /** @returns what the first made of it; checked to be what the second made. */
  take(series: readonly SeriesSpec[], what: string): Intake {
    const [whole, each] = this.#kernels.map((codec, i) => {
      const read = codec.readWriteRequest(writeRequestBody(series), 1 << 20);
      const stream = this.#streams[i];
      assert.ok(read.ok && stream);
      return takeIn(
        i === 0 ? read.request : oneByOne(read.request),
        stream,
        { codec, hasher, limits, shards: 1 },
        bounds,
      );
    });
    assert.ok(whole && each);
    assert.deepEqual(plain(whole), plain(each), what);
    return whole;
  }
}

function createKernel() {
  return loadKernel((error) => assert.fail(String(error)));
}

function openStream(kernel: ReturnType<typeof createKernel>): StreamSeries {
  const dropLabels: RuleSource["dropLabels"] = [["extra", "x"]];
  const source = { origin: "headers", dropMetrics: ["dropped"], doNotDropMetrics: [], dropLabels } as const;
  const compiled = compileRules([source], { maxPatterns: 100, maxPatternBytes: 1000 });
  assert.ok(compiled.ok);
  const sender = { tenant: "acme", server: "s1", namespace: "acme", keyIndex: 0 };
  return new SeriesTable(kernel, 1000).openStream(new Stream(sender, compiled.rules));
}

/** The same request, but that it does not say that every series has one sample. */
function oneByOne(request: DecodedWriteRequest): DecodedWriteRequest {
  return Object.create(request, { hasOneSampleEach: { value: false } });
}

/** An intake in a form that can be compared. */
function plain({ kept, ...rest }: Intake) {
  const { series, known, timestampsMs, valueBits } = kept;
  return { ...rest, ids: Array.from(series, (one) => known.idOf(one)), timestampsMs, valueBits };
}

const NAMES = ["up", "up", "up", "down", "dropped"] as const;

function randomSeries(random: Random, isUsual: boolean): SeriesSpec {
  const name = isUsual ? "up" : random.pick(NAMES);
  const extra = isUsual || random.below(4) > 0 ? {} : { extra: "x" };
  const timestampMs = isUsual ? 1000 : 490 + random.below(1020);
  return {
    labels: { __name__: name, instance: String(random.below(50)), ...extra },
    samples: [{ timestampMs, value: random.below(9) }],
  };
}

describe("a request of which every sample is kept", () => {
  test("comes to the same, sorted whole or sample by sample, and so does one of which not", () => {
    const random = createRandom();
    const intakes = new TwoIntakes();
    let whole = 0;
    for (let i = 0; i < 1000; i++) {
      const isUsual = random.below(2) === 0;
      const series = Array.from({ length: random.below(8) }, () => randomSeries(random, isUsual));
      const { received, kept } = intakes.take(series, `request ${i}, seed ${random.seed}`);
      whole += received === kept.series.length ? 1 : 0;
    }
    assert.ok(whole > 300 && whole < 900, `${whole} requests were kept whole`);
  });
});

describe("keeping all samples", () => {
  const codes = { first: 2, second: 4, merged: 5, unknown: 0, rejected: -1 };
  const known = () => ({ lastRequests: new Int32Array(2) });
  const keep = (given: readonly number[], times: readonly number[], of = known(), number = 1) =>
    keepAll({
      ...{ request: { timestampsMs: Float64Array.from(times) }, codes: Int32Array.from(given) },
      ...{ known: of, number, bounds: { oldestMs: 500, newestMs: 1500 } },
    });

  test("gives their series, request after request", () => {
    const of = known();
    assert.deepEqual(keep([codes.second, codes.first], [500, 1500], of, 1), Uint32Array.of(1, 0));
    assert.deepEqual(keep([codes.second, codes.first], [1000, 1000], of, 2), Uint32Array.of(1, 0));
    assert.deepEqual(keep([], [], of, 3), new Uint32Array(0));
  });

  const rows: [what: string, given: readonly number[], times: readonly number[]][] = [
    ["a series comes twice", [codes.first, codes.first], [1000, 1001]],
    ["a series was merged by a rule", [codes.first, codes.merged], [1000, 1000]],
    ["a series is not known", [codes.first, codes.unknown], [1000, 1000]],
    ["a series is dropped or refused", [codes.first, codes.rejected], [1000, 1000]],
    ["a sample is too old", [codes.first, codes.second], [1000, 499]],
    ["a sample is too far ahead", [codes.first, codes.second], [1501, 1000]],
    ["a time is no number", [codes.first], [Number.NaN]],
  ];
  for (const [what, given, times] of rows) {
    test(`is left to whoever looks at each of them where ${what}`, () => assert.equal(keep(given, times), undefined));
  }
});
