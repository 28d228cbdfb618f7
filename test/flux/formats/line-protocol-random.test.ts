import assert from "node:assert/strict";
import { test } from "node:test";
import type { Adapter } from "../../../services/flux/formats/influx-adapter.ts";
import { parseLines } from "../../../services/flux/formats/line-protocol.ts";
import { createRandom } from "../../support/random.ts";
import { encodePoint, LINE_ENDS, randomPoint, randomText, type Texts } from "../../support/random-points.ts";
import { readInflux } from "../../support/read-influx.ts";

/*
 * Random points, written by an encoder that shares nothing with the parser, come out as they went in; and nothing that
 * is sent makes the parser throw or take long.
 */

test("random points come out as they went in", () => {
  const random = createRandom();
  for (let round = 0; round < 300; round++) {
    const points = Array.from({ length: 1 + random.below(10) }, () => randomPoint(random));
    const body = Buffer.from(points.map((point) => encodePoint(random, point, LINE_ENDS)).join(""));
    const read = [...parseLines(body, { precision: "ms", adapter: "none" })].map((line) =>
      line.ok
        ? {
            measurement: line.point.measurement,
            tags: line.point.tags,
            fields: line.point.fields,
            timestampMs: line.point.timestampMs,
          }
        : line,
    );
    assert.deepEqual(read, points, `seed ${random.seed}, round ${round}`);
  }
});

const VALUE_PIECES: Texts = [
  "a",
  "/",
  " ",
  ",",
  "=",
  "\\",
  '"',
  "\n",
  "\r",
  "#",
  "é",
  "😀",
  "value",
  "1",
  "x=y",
  " value=1 2",
];

/** What the adapters' own encoder does: escapes comma, space and equals sign, and nothing else. */
function encodeAdapterRecord(
  labels: readonly (readonly [string, string])[],
  value: string,
  timestampMs: number,
): string {
  const escapeText = (given: string) => given.replaceAll(",", "\\,").replaceAll(" ", "\\ ").replaceAll("=", "\\=");
  const tags = labels.filter(([, given]) => given !== "").map(([label, given]) => `,${label}=${escapeText(given)}`);
  return `up:rate5m${tags.join("")} value=${value} ${timestampMs}\n`;
}

for (const adapter of ["v1", "v2"] as const) {
  test(`series sent through the adapter of ${adapter} come out as Prometheus has them`, () => {
    const random = createRandom();
    // The later one escapes newlines before it encodes.
    const pieces: Texts =
      adapter === "v1" ? VALUE_PIECES : ["a", ...VALUE_PIECES.filter((piece) => !/[\n\r]/.test(piece))];
    for (let round = 0; round < 300; round++) {
      const sent = Array.from({ length: 1 + random.below(10) }, () => ({
        labels: ["a", "instance", "z_1"]
          .slice(random.below(4))
          .map((label) => [label, randomText(random, pieces, 0)] as const),
        value: random.pick(["0", "-0", "42", "1000000000000000000000", "-0.1", `0.${"0".repeat(323)}5`]),
        timestampMs: random.below(2 ** 41),
      }));
      const separator = adapter === "v2" ? "\n" : "";
      const body = sent.map(({ labels, value, timestampMs }) => encodeAdapterRecord(labels, value, timestampMs));
      const { samples, payload } = readInflux(body.join(separator), { precision: "ms", adapter });
      const want = sent.map(({ labels, value, timestampMs }) => ({
        labels: [["__name__", "up:rate5m"] as const, ...labels.filter(([, given]) => given !== "")].map(
          ([label, given]) => ({ name: label, value: given }),
        ),
        timestampMs,
        value: Number(value),
      }));
      assert.deepEqual(samples, want, `seed ${random.seed}, round ${round}`);
      assert.equal(payload.faults, 0);
    }
  });
}

const ADAPTERS = ["none", "v1", "v2"] as const satisfies readonly Adapter[];
const BYTES: Texts = [
  "m",
  "v",
  "1",
  "i",
  "=",
  "=",
  ",",
  " ",
  " ",
  '"',
  "\\",
  "\n",
  "\n",
  "\r",
  "\0",
  "#",
  "-",
  ".",
  "e",
  "\xff",
  "\xc3",
  "é",
  " value=1 5\n",
];

test("corrupt bodies never throw, and every line is at most one result", () => {
  const random = createRandom();
  for (let round = 0; round < 10_000; round++) {
    const body = Buffer.from(randomText(random, BYTES, random.below(60)), "latin1");
    const lineCount = body.toString("latin1").split("\n").length;
    for (const adapter of ADAPTERS) {
      const lines = [...parseLines(body, { precision: "ms", adapter })].map(({ lineNumber }) => lineNumber);
      const context = `seed ${random.seed}, round ${round}, ${adapter}`;
      assert.deepEqual(
        lines,
        [...new Set(lines)].sort((a, b) => a - b),
        context,
      );
      assert.ok((lines.at(-1) ?? 0) <= lineCount, context);
    }
  }
});

test("flipping bytes of good bodies never throws, and spares the lines after the next good one", () => {
  const random = createRandom();
  for (let round = 0; round < 3000; round++) {
    const points = Array.from({ length: 3 }, () => encodePoint(random, randomPoint(random), LINE_ENDS));
    const body = Buffer.from(points.join(""));
    for (let flips = 1 + random.below(4); flips > 0; flips--) {
      body[random.below(body.length)] = random.below(256);
    }
    for (const adapter of ADAPTERS) {
      const whole = Buffer.concat([body, Buffer.from('\n"=,x y="z"\nlast value=7 5\n')]);
      // A torn string may swallow what follows up to a quote, so only the last line is certain.
      const read = readInflux(whole, { precision: "ms", adapter });
      assert.equal(read.samples.at(-1)?.value, 7, `seed ${random.seed}, round ${round}, ${adapter}`);
    }
  }
});

test("bodies made to be slow take linear time", () => {
  const long = (piece: string) => piece.repeat(Math.ceil(2 ** 18 / piece.length));
  const bodies = [
    long('m v="a\n'),
    long('m v="a\\"\n'),
    long('m v="a\n"x\n'),
    long("a=b\n"),
    long(",a=b\n"),
    long(" value="),
    long(" value=1"),
    `m,${long("a=1,")}b=1 v=1`,
    `m ${long("a=1,")}b=1`,
    `m ${Array.from({ length: 100_000 }, (_, i) => `f${i}=1`).join(",")}`,
    `m v=${long("0")}x`,
    `m v=${long("0")}i`,
    `m v=1 ${long("0")}x`,
    `m v=1 ${long("9")}`,
    long("\\"),
    `m v="${long("\\")}`,
    long("\n"),
    long("\0"),
    long("# \n"),
  ];
  for (const body of bodies) {
    for (const adapter of ADAPTERS) {
      const start = performance.now();
      readInflux(body, { adapter });
      const tookMs = performance.now() - start;
      assert.ok(tookMs < 2000, `${JSON.stringify(body.slice(0, 20))} (${adapter}) took ${tookMs} ms`);
    }
  }
});
