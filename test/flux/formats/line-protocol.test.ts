import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePrecision } from "../../../services/flux/formats/influx-precision.ts";
import { parseLines } from "../../../services/flux/formats/line-protocol.ts";
import {
  LINE_VECTORS,
  type LineVectorOptions,
  lineVectorBody,
  TIMESTAMP_MS,
  TIMESTAMP_NS,
  VALUE_VECTORS,
} from "../../support/line-vectors.ts";
import { formatSample, NOW_MS, readInflux } from "../../support/read-influx.ts";

/** @param want as in a LineVector. */
function check(body: Buffer, want: readonly string[], options: LineVectorOptions = {}): void {
  const { samples, payload } = readInflux(body, options);
  const stored = samples.map((sample) => formatSample(sample, sample.timestampMs === TIMESTAMP_MS));
  const faults = payload.invalid.map(({ detail }) => `E ${detail.replace(/^unable to parse '.*': /s, "")}`);
  assert.deepEqual([...stored, ...faults], want);
}

/** One field's text: stored as this number, or a fault. */
function checkValue(text: string, want: number | string): void {
  const outcome = typeof want === "number" ? `m_v ${Object.is(want, -0) ? "-0" : want}` : `E ${want}`;
  check(Buffer.from(`m v=${text} ${TIMESTAMP_NS}`), [outcome]);
}

describe("line protocol, case by case", () => {
  for (const [name, body, want, options] of LINE_VECTORS) {
    test(name, () => check(lineVectorBody(body), want, options));
  }

  test("86: bytes that are not UTF-8", () => {
    const bytes = Buffer.from(
      `a v=1 ${TIMESTAMP_NS}\nm,t=\xff\xfe v=1 ${TIMESTAMP_NS}\nb v=2 ${TIMESTAMP_NS}`,
      "latin1",
    );
    check(bytes, ["a_v 1", "b_v 2", "E invalid UTF-8"]);
  });

  test("80: a precision that is none is refused, in the words of the dialect", () => {
    for (const given of ["xyz", "MS", "ns ", "auto"]) {
      const v1 = parsePrecision(given, "v1");
      assert.ok(!v1.ok && v1.code === "bad_precision" && v1.detail.startsWith("invalid precision"));
    }
    const v2 = parsePrecision("xyz", "v2");
    assert.equal(v2.ok || v2.detail, "invalid precision; valid precision units are ns, us, ms, and s");
  });

  test("the precisions of both dialects are taken in both", () => {
    const units = [null, "", "n", "ns", "u", "us", "µ", "μ", "ms", "s", "m", "h"].map((given) => {
      const read = parsePrecision(given, "v2");
      return read.ok && read.precision;
    });
    assert.deepEqual(units, ["ns", "ns", "ns", "ns", "us", "us", "us", "us", "ms", "s", "m", "h"]);
  });
});

describe("values of line protocol", () => {
  for (const [text, want] of VALUE_VECTORS) {
    test(`${text} is ${typeof want === "number" ? "taken" : "refused"}`, () => checkValue(text, want));
  }
});

test("where the unit is not known, the size of a timestamp tells it", () => {
  const cases: readonly (readonly [timestamp: string, wantMs: number])[] = [
    ["1732147200123456789", 1732147200123],
    ["100000000000000000", 100_000_000_000],
    ["9223372036854775", 9_223_372_036_854],
    ["1732147200123456", 1732147200123],
    ["100000000000000", 100_000_000_000],
    ["9223372036854", 9_223_372_036_854],
    ["1732147200123", 1732147200123],
    ["100000000000", 100_000_000_000],
    ["9223372036", 9_223_372_036_000],
    ["1732147200", 1_732_147_200_000],
    ["0", 0],
    ["-1732147200", -1_732_147_200_000],
    ["-1732147200123", -1732147200123],
    ["0000000000000001732147200", 1_732_147_200_000],
  ];
  for (const [timestamp, wantMs] of cases) {
    const { samples, payload } = readInflux(`m v=1 ${timestamp}`, { precision: "auto" });
    assert.deepEqual([samples[0]?.timestampMs, payload.faults], [wantMs, 0], timestamp);
  }
  const { samples } = readInflux("m v=1\nm v=2 1732147200\nm v=3 1732147200123", { precision: "auto" });
  assert.deepEqual(
    samples.map(({ timestampMs }) => timestampMs),
    [NOW_MS, 1_732_147_200_000, 1732147200123],
  );
});

test("strings are read with their escapes, other backslashes stay", () => {
  const texts = ['"a\\"b\\\\c"', '"a\\nb"', '"a\nb"', '""'].map((literal) => {
    const [line] = [...parseLines(Buffer.from(`m v=${literal}`), { precision: "ns", adapter: "none" })];
    return line?.ok ? line.point.fields[0]?.value : line;
  });
  assert.deepEqual(texts, ['a"b\\c', "a\\nb", "a\nb", ""]);
});

test("faults name the number of their line, whatever stands before it, and quote its beginning", () => {
  const body = Buffer.from(`# c\n\nok v="a\nb"\r\n${"x".repeat(200)}\nok v=1\n\nbad,\n`);
  const faults = [...parseLines(body, { precision: "ns", adapter: "none" })].filter((line) => !line.ok);
  assert.deepEqual(
    faults.map(({ lineNumber, line }) => [lineNumber, line]),
    [
      [5, `${"x".repeat(100)}…`],
      [8, "bad,"],
    ],
  );
});
