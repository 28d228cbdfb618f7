import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  deadBlockFields,
  type LetterFields,
  parseDeadLetter,
  refusedFields,
} from "../../services/horizon/dead-letters.ts";
import { labelBytesOf } from "../../services/horizon/known-series.ts";
import type { RefusedSamples } from "../../services/horizon/sinks/sink.ts";
import { SPECIAL_VALUE_BITS } from "../support/special-values.ts";
import { knownSeries } from "./support/known-series.ts";

const BLOCK = Buffer.from([0, 1, 255, 10]);
const OWNER = { tenant: "t1", server: "s1", namespace: "n" };
const SERIES = knownSeries(255n, { __name__: "m", _server_id: "s1", _tenant_id: "t1", a: 'x"y\n☃' });
const SAMPLES = Object.values(SPECIAL_VALUE_BITS).map((bits, i) => ({
  timestampMs: 2 ** (50 - i) * (i % 2 || -1),
  bits,
}));
const REFUSED: RefusedSamples = {
  ...{ series: SERIES, tenant: "t1", namespace: "n", detail: "400 no: ☃", samples: SAMPLES },
};

const bytesOf = (fields: LetterFields) => fields.map((field) => Buffer.from(field));
const markOf = ([, mark]: LetterFields) => mark;

describe("a dead letter", () => {
  test("of a block has it bit for bit, and why, when and whose it was, as far as that is known", () => {
    const fields = deadBlockFields(BLOCK, "checksum_mismatch", 5, undefined);
    const letter = parseDeadLetter(bytesOf(fields));
    const { bytes } = letter;
    assert.deepEqual(letter, {
      ...{ kind: "block", bytes, reason: "checksum_mismatch", atMs: 5, tenant: "", server: "", block: BLOCK },
    });
    const owned = parseDeadLetter(bytesOf(deadBlockFields(BLOCK, "unknown_series", 5, OWNER)));
    assert.deepEqual([owned.tenant, owned.server], ["t1", "s1"]);
  });

  test("of refused samples has all that writing them again takes, bit for bit", () => {
    const letter = parseDeadLetter(bytesOf(refusedFields("victoriametrics.b", 9, REFUSED)));
    assert.ok(letter.kind === "samples");
    const { bytes: _bytes, labels, ...rest } = letter;
    assert.deepEqual(rest, {
      ...{ kind: "samples", reason: "refused_by_store", atMs: 9, tenant: "t1", server: "s1", namespace: "n" },
      ...{ sink: "victoriametrics.b", detail: "400 no: ☃", seriesId: 255n },
      ...{ labelBytes: labelBytesOf(SERIES), samples: SAMPLES },
    });
    assert.deepEqual(labels.at(-1), { name: "a", value: 'x"y\n☃' });
  });

  test("says first by which mark it is known, how large it is, and where its block is: the scripts count on it", () => {
    const block = deadBlockFields(BLOCK, "malformed", 5, undefined);
    assert.deepEqual([block[0], block[2], block[4], block[5]], ["mark", "bytes", "block", BLOCK]);
    const refused = refusedFields("timeseries", 5, REFUSED);
    assert.deepEqual([refused[0], refused[2]], ["mark", "bytes"]);
  });

  test("counts at least as many bytes as its fields have", () => {
    for (const fields of [deadBlockFields(BLOCK, "malformed", 5, undefined), refusedFields("timeseries", 5, REFUSED)]) {
      const total = Buffer.concat(bytesOf(fields)).length;
      assert.ok(parseDeadLetter(bytesOf(fields)).bytes > total);
    }
  });

  const one = markOf(refusedFields("victoriametrics", 9, REFUSED));
  const others: [what: string, fields: LetterFields, isSame: boolean][] = [
    ["at another time, in other words", refusedFields("victoriametrics", 10, { ...REFUSED, detail: "503" }), true],
    ["by another sink", refusedFields("timeseries", 9, REFUSED), false],
    ["of another namespace", refusedFields("victoriametrics", 9, { ...REFUSED, namespace: "o" }), false],
    ["with fewer samples", refusedFields("victoriametrics", 9, { ...REFUSED, samples: SAMPLES.slice(1) }), false],
    [
      "of other labels",
      refusedFields("victoriametrics", 9, { ...REFUSED, series: knownSeries(255n, { __name__: "m" }) }),
      false,
    ],
  ];
  for (const [what, fields, isSame] of others) {
    test(`that is refused ${what} is ${isSame ? "the same" : "another"}`, () => {
      assert.equal(markOf(fields) === one, isSame);
    });
  }

  test("of the same block is the same one", () => {
    const first = markOf(deadBlockFields(BLOCK, "malformed", 5, undefined));
    assert.equal(markOf(deadBlockFields(BLOCK, "malformed", 6, undefined)), first);
    assert.notEqual(markOf(deadBlockFields(Buffer.from("other"), "malformed", 5, undefined)), first);
  });
});

describe("an entry that is no dead letter of this form", () => {
  const good = refusedFields("timeseries", 9, REFUSED);
  const with_ = (name: string, value: string) =>
    bytesOf(good.map((field, i) => (good[i - 1] === name && i % 2 === 1 ? value : field)));
  const entries: [what: string, fields: Buffer[]][] = [
    ["nothing", []],
    ["fields of somebody else", [Buffer.from("a"), Buffer.from("b")]],
    ["a field without a value", [Buffer.from("reason")]],
    ["labels that are none", with_("labels", "\u0005a")],
    ["samples that are not JSON", with_("samples", "[[")],
    ["samples that are no list", with_("samples", "{}")],
    ["a time that is none", with_("samples", '[[1.5,"0000000000000000"]]')],
    ["a value that is none", with_("samples", '[[1,"0"]]')],
    ["a sample that is no pair", with_("samples", "[1]")],
    ["an id that is none", with_("series_id", "ff")],
  ];
  for (const [what, fields] of entries) {
    test(`is told apart: ${what}`, () => {
      assert.equal(parseDeadLetter(fields).kind, "strange");
    });
  }

  test("says which fields it has", () => {
    const letter = parseDeadLetter([Buffer.from("hello"), Buffer.from("b")]);
    assert.ok(letter.kind === "strange");
    assert.match(letter.detail, /hello/);
  });
});
