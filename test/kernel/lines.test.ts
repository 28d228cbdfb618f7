import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Kernel } from "../../services/kernel/kernel.ts";
import type { KernelExports } from "../../services/kernel/kernel-exports.ts";
import type { LineTerms } from "../../services/kernel/line-codec.ts";
import { kernelInstances, loadKernel } from "../../services/kernel/load-kernel.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { createRandom } from "../support/random.ts";
import { numberOf } from "../support/special-values.ts";

const NOW_MS = 1_732_151_001_123;
const START = { position: 0, lineNumber: 1 };
const TERMS: LineTerms = {
  ...{ unit: "ms", nowMs: NOW_MS, isAdapter: false, skipsStrings: true },
  ...{ head: Buffer.from("H"), labelsOf: (recognised) => recognised.toString(), maxLabelBytes: 1e7 },
};

const kernel = loadKernel((error) => assert.fail(String(error)));

/** What the kernel reads of a text before it stops: samples as `recognised value@ms`, and where it stops. */
function walk(text: string, terms: Partial<LineTerms> = {}) {
  const body = Buffer.from(text);
  const lines = kernel.openLines(body, { ...TERMS, ...terms });
  const stop = lines.walk(START);
  const plain = lines.finish();
  assert.ok(plain);
  const { series, timestampsMs, valueBits } = plain.request;
  const samples = series.map(({ rawLabels }, i) => {
    const value = numberOf(valueBits[i] ?? 0n);
    return `${rawLabels} ${Object.is(value, -0) ? "-0" : value}@${timestampsMs[i]}`;
  });
  return { samples, stop, isWhole: stop?.position === body.length, strings: plain.skippedStrings };
}

describe("the kernel reads by itself what senders send all day:", () => {
  const cases: readonly (readonly [what: string, text: string, want: readonly string[], terms?: Partial<LineTerms>])[] =
    [
      [
        "a line of Telegraf's",
        "cpu,cpu=cpu0,host=a usage_user=1.5,n=7i,up=true 5\n",
        ["Hcpu,cpu=cpu0,host=a usage_user 1.5@5", "Hcpu,cpu=cpu0,host=a n 7@5", "Hcpu,cpu=cpu0,host=a up 1@5"],
      ],
      ["no time", "m v=1", [`Hm v 1@${NOW_MS}`]],
      ["blank lines and CR LF", "\n\na v=1 5\r\n\nb v=2 6\r", ["Ha v 1@5", "Hb v 2@6"]],
      ["escapes in measurement and values", "a\\ b,t=x\\,y\\ z\\= v=-0 5\n", ["Ha\\ b,t=x\\,y\\ z\\= v -0@5"]],
      ["quotes and letters of any language in values", 'm,t="é☃" v=1 5\n', ['Hm,t="é☃" v 1@5']],
      ["strings that are skipped", 'm a="x, y=z \t",b=2,c="" 5\nn s="" 5'.replace("\t", "é"), ["Hm b 2@5"]],
      ["nanoseconds", "m v=1 1732147200123456789\n", ["Hm v 1@1732147200123"], { unit: "ns" }],
      ["hours before 1970", "m v=1 -2\n", ["Hm v 1@-7200000"], { unit: "h" }],
      [
        "times that tell their unit",
        "m v=1 1732147200\nm v=2 1732147200123456\n",
        ["Hm v 1@1732147200000", "Hm v 2@1732147200123"],
        { unit: "auto" },
      ],
      [
        "records of an adapter",
        "up:r,a=b value=-1.5 5\n\nup value=0 6\n",
        ["Hup:r,a=b value -1.5@5", "Hup value 0@6"],
        { isAdapter: true },
      ],
    ];
  for (const [what, text, want, terms] of cases) {
    test(what, () => {
      const { samples, isWhole } = walk(text, terms);
      assert.deepEqual(samples, want);
      assert.ok(isWhole);
    });
  }

  test("strings are counted once their line is known to be plain", () => {
    assert.equal(walk('m a="1",b="2"\nm a="1",b="2" x\n').strings, 2);
  });
});

describe("the kernel stops before", () => {
  const odd = [
    ...[
      "# c",
      " m v=1",
      ",a=b v=1",
      "m",
      "m ",
      "m,a v=1",
      "m,=b v=1",
      "m,a= v=1",
      "m,a=b=c v=1",
      "m,a=b, v=1",
      "m  v=1",
    ],
    ...[
      "m,a=1,a=2 v=1",
      "m,a.b=1,a-b=2 v=1",
      "m,a\\ b=1 v=1",
      "m,1a=1 v=1",
      "m,é=1 v=1",
      "m=n v=1",
      "m v=1,v=2",
      "m =1",
      "m v=",
    ],
    ...[
      "m v=1,",
      "m v=1 ",
      "m v=1 5 ",
      "m v=1  5",
      "m v=1 5x",
      "m v=1 5 6",
      "m v=1\t5",
      'm v="a\\"b"',
      'm v="a\nb"',
      'm v="a"b',
      'm "',
    ],
    ...[
      "m v=+1",
      "m v=-",
      "m v=.",
      "m v=1e",
      "m v=1e400",
      "m v=tr",
      "m v=truex",
      "m v=1.0i",
      "m v=-1u",
      "m v=9223372036854775808i",
    ],
    ...["m v=12345678901234567890", "m v=1 9223372036855", "m v=1 99999999999999999999", "m,t=C:\\ v=1", "m\u0001 v=1"],
  ];
  for (const line of odd) {
    test(JSON.stringify(line), () => {
      const { samples, stop } = walk(`a v=1 5\n${line}\nb v=2 5\n`);
      assert.deepEqual(samples, ["Ha v 1@5"]);
      assert.deepEqual(stop, { position: 8, lineNumber: 2 });
    });
  }

  for (const line of [
    "m v=1 5",
    "m value=1i 5",
    "m value=1e3 5",
    "m value=.5 5",
    "m value=1",
    "m value=1 5\r",
    "m value=1,b=2 5",
  ]) {
    test(`${JSON.stringify(line)} of an adapter`, () => {
      assert.deepEqual(walk(`a value=1 5\n${line}\nb value=2 5\n`, { isAdapter: true }).stop?.lineNumber, 2);
    });
  }

  test("a string where strings are samples", () => {
    assert.equal(walk('m v="x" 5', { skipsStrings: false }).isWhole, false);
  });
});

test("decimals come out as JavaScript reads them, to the last bit, or are left", () => {
  const random = createRandom();
  const digits = (most: number) => String(Math.floor(random.next() * 10 ** (1 + random.below(most))));
  const texts = Array.from({ length: 100_000 }, () =>
    random.pick([
      `${random.next() * 10 ** (random.below(40) - 20)}`,
      `${digits(10)}.${digits(10)}`,
      `-${digits(9)}${digits(9)}e${random.below(80) - 40}`,
      `${2 ** 53 + 2 * random.below(1000) + 1}`,
      // Near the middle between two doubles.
      `${BigInt(2 ** 60) + 128n * BigInt(random.below(1000))}${random.pick(["", "e-3", ".0", "e9"])}`,
      `0.${"0".repeat(random.below(30))}${digits(15)}`,
    ]),
  );
  const body = Buffer.from(texts.map((text) => `m v=${text}\n`).join(""));
  const lines = kernel.openLines(body, TERMS);
  let left = 0;
  for (let place = lines.walk(START); place && place.position < body.length; left++) {
    const text = texts[place.lineNumber - 1] ?? "";
    lines.add("left", NOW_MS, Number(text));
    place = lines.walk({ position: place.position + `m v=${text}\n`.length, lineNumber: place.lineNumber + 1 });
  }
  const values = lines.finish()?.request.valueBits ?? [];
  assert.equal(values.length, texts.length);
  for (const [i, text] of texts.entries()) {
    assert.ok(Object.is(numberOf(values[i] ?? 0n), Number(text)), `${text}, seed ${random.seed}`);
  }
  assert.ok(left < texts.length / 10, `${left} were left`);
});

test("samples of other lines stand among those of plain ones, in the order of the body, and are recognised by their labels", () => {
  const body = Buffer.from("a v=1 5\n# odd\nb v=3 7\n");
  const lines = kernel.openLines(body, TERMS);
  assert.deepEqual(lines.walk(START), { position: 8, lineNumber: 2 });
  lines.add("\n\xff", 6, 2);
  assert.deepEqual(lines.walk({ position: 14, lineNumber: 3 }), { position: body.length, lineNumber: 4 });
  const { request } = lines.finish() ?? assert.fail();
  assert.deepEqual(
    request.series.map(({ rawLabels, firstSample }) => [rawLabels, firstSample]),
    [
      ["Ha v", 0],
      ["\n\ufffd", 1],
      ["Hb v", 2],
    ],
  );
  assert.deepEqual([...request.timestampsMs], [5, 6, 7]);
});

test("a series is found again by the bytes of its line, its field and the head, whatever its value, time and place", () => {
  const index = loadKernel((error) => assert.fail(String(error)));
  const read = (text: string, terms: Partial<LineTerms> = {}) => {
    const body = Buffer.from(text);
    const lines = index.openLines(body, { ...TERMS, ...terms });
    assert.equal(lines.walk(START)?.position, body.length);
    return lines.finish()?.request ?? assert.fail();
  };
  const first = read("m,a=b v=1,w=2 5\nn v=1\n");
  assert.deepEqual(
    [...index.numberAll(1, first)].filter((_, i) => i % 2 === 0),
    [0, 1, 2],
  );
  const numbers = (text: string, terms?: Partial<LineTerms>) =>
    [...index.numberAll(1, read(text, terms))].filter((_, i) => i % 2 === 0);
  assert.deepEqual(numbers("n x=0,v=7 9\nm,a=b w=3\nm,a=b v=-2 8"), [3, 2, 1, 0]);
  assert.deepEqual(numbers("m,a=b v=1\nn v=1", { head: Buffer.from("I") }), [4, 5]);
  assert.deepEqual(numbers("m v=1\nm,a=b vv=1\nm,a=bb v=1\n"), [6, 7, 8]);
});

test("a body whose series would take too many bytes to be recognised is not read", () => {
  const body = Buffer.from(`m,a=${"x".repeat(60)} ${Array.from({ length: 100 }, (_, i) => `f${i}=1`).join(",")}\n`);
  assert.equal(kernel.openLines(body, { ...TERMS, maxLabelBytes: 8000 }).walk(START)?.position, body.length);
  const lines = kernel.openLines(body, { ...TERMS, maxLabelBytes: 1000 });
  assert.deepEqual(lines.walk(START), START);
  lines.add("x".repeat(900), 1, 1);
  assert.ok(lines.walk(START));
  lines.add("x".repeat(101), 1, 1);
  assert.equal(lines.walk(START), undefined);
  assert.equal(lines.finish(), undefined);
});

test("a body at which an instance fails is given up, the next one is read by a new instance", () => {
  const instantiate = kernelInstances();
  const broken: Partial<KernelExports> = {
    walkLines: () => {
      throw new Error("unreachable");
    },
  };
  const failures: unknown[] = [];
  let instances = 0;
  const failing = new Kernel({
    instantiate: () => (instances++ === 0 ? { ...instantiate(), ...broken } : instantiate()),
    reference: referenceCodec,
    fillRandom: (bytes) => bytes.fill(7),
    onFailure: (error) => failures.push(error),
  });
  const body = Buffer.from("m v=1 5");
  const lines = failing.openLines(body, TERMS);
  assert.equal(lines.walk(START), undefined);
  assert.equal(lines.finish(), undefined);
  assert.equal(failures.length, 1);
  assert.equal(failing.openLines(body, TERMS).walk(START)?.position, body.length);
});
