import assert from "node:assert/strict";
import { test } from "node:test";
import type { Adapter } from "../../../services/flux/formats/influx-adapter.ts";
import { parseLines } from "../../../services/flux/formats/line-protocol.ts";
import { createRandom, type Random } from "../../support/random.ts";
import { readInflux } from "../../support/read-influx.ts";

/*
 * Random points, written by an encoder that shares nothing with the parser, come out as they went in; and nothing that
 * is sent makes the parser throw or take long.
 */

type Texts = readonly [string, ...string[]];

interface RandomPoint {
  readonly measurement: string;
  readonly tags: readonly (readonly [string, string])[];
  readonly fields: readonly { readonly name: string; readonly value: number | string }[];
  readonly timestampMs: number | undefined;
}

const NAME_PIECES: Texts = ["a", "b", "7", "_", ":", " ", ",", "=", "\\", "é", "☃", "😀", "#", "\t", "\r"];
const TAG_PIECES: Texts = [...NAME_PIECES, '"', "'"];
const STRING_PIECES: Texts = [...TAG_PIECES, "\n", "\\n", "v=1 5", '\\"'];

function text(random: Random, pieces: Texts, minimum: number): string {
  return Array.from({ length: minimum + random.below(6) }, () => random.pick(pieces)).join("");
}

/** A name that line protocol can hold: it does not end in a backslash. */
function name(random: Random, pieces: Texts): string {
  return `${text(random, pieces, 0)}${random.pick(["x", "é", "1"])}`;
}

function uniqueNames(random: Random, count: number, pieces: Texts): string[] {
  return [...new Set(Array.from({ length: count }, () => name(random, pieces)))];
}

function randomNumber(random: Random): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setUint32(0, random.below(2 ** 32));
  bits.setUint32(4, random.below(2 ** 32));
  const any = bits.getFloat64(0);
  return random.pick([random.below(1000), -random.next(), Number.isFinite(any) ? any : 0, 1e21, -0, 5e-324]);
}

function randomPoint(random: Random): RandomPoint {
  return {
    measurement: `m${name(random, NAME_PIECES)}`,
    tags: uniqueNames(random, random.below(4), TAG_PIECES).map((tag) => [tag, name(random, TAG_PIECES)]),
    fields: uniqueNames(random, 1 + random.below(3), NAME_PIECES).map((field) => ({
      name: field,
      value: random.below(3) === 0 ? text(random, STRING_PIECES, 0) : randomNumber(random),
    })),
    timestampMs: random.below(4) === 0 ? undefined : random.below(2 ** 41) - 2 ** 40,
  };
}

function encodePoint(random: Random, { measurement, tags, fields, timestampMs }: RandomPoint): string {
  const key = (given: string) => given.replaceAll(",", "\\,").replaceAll("=", "\\=").replaceAll(" ", "\\ ");
  const number = (value: number) =>
    Object.is(value, -0) ? "-0" : String(value).replace("e+", random.pick(["e+", "E", "e"]));
  const string = (value: string) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const head = [key(measurement), ...tags.map(([tag, value]) => `${key(tag)}=${key(value)}`)].join(",");
  const values = fields.map((field) => {
    const value = typeof field.value === "string" ? string(field.value) : number(field.value);
    return `${key(field.name)}=${value}`;
  });
  const time = timestampMs === undefined ? "" : ` ${timestampMs}`;
  return `${head} ${values.join(",")}${time}${random.pick(["\n", "\r\n", "\n\n", "\n# c\n"])}`;
}

test("random points come out as they went in", () => {
  const random = createRandom();
  for (let round = 0; round < 300; round++) {
    const points = Array.from({ length: 1 + random.below(10) }, () => randomPoint(random));
    const body = Buffer.from(points.map((point) => encodePoint(random, point)).join(""));
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
          .map((label) => [label, text(random, pieces, 0)] as const),
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
    const body = Buffer.from(text(random, BYTES, random.below(60)), "latin1");
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
    const points = Array.from({ length: 3 }, () => encodePoint(random, randomPoint(random)));
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
