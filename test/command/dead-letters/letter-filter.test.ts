import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isMeant, type LetterFilter, parseAge } from "../../../services/command/dead-letters/letter-filter.ts";
import { blockLetter, samplesLetter } from "../support/dead-letters.ts";

const NOW = 1_000_000;
const ANY: LetterFilter = { tenant: undefined, sink: undefined, reason: undefined, sinceMs: undefined };
const samples = samplesLetter({ tenant: "t1" }, NOW - 1000).letter;
const damaged = blockLetter(Buffer.from("x"), "malformed").letter;
const unknown = blockLetter(Buffer.from("x"), "unknown_series", "t1").letter;

describe("a filter of dead letters", () => {
  const table: [filter: Partial<LetterFilter>, samples: boolean, damaged: boolean, unknown: boolean][] = [
    [{}, true, true, true],
    [{ tenant: "t1" }, true, false, true],
    [{ tenant: "t2" }, false, false, false],
    [{ sink: "victoriametrics" }, true, false, false],
    [{ sink: "timeseries" }, false, false, false],
    [{ reason: "malformed" }, false, true, false],
    [{ reason: "refused_by_store", tenant: "t1", sink: "victoriametrics" }, true, false, false],
  ];
  for (const [filter, ...means] of table) {
    test(`means the right ones: ${JSON.stringify(filter)}`, () => {
      assert.deepEqual(
        [samples, damaged, unknown].map((letter) => isMeant(letter, { ...ANY, ...filter }, NOW)),
        means,
      );
    });
  }

  test("of an age means those up to it", () => {
    const isYoung = (sinceMs: number) => isMeant(samples, { ...ANY, sinceMs }, NOW);
    assert.deepEqual([isYoung(999), isYoung(1000), isYoung(1001)], [false, true, true]);
  });
});

test("an age is a number and a unit", () => {
  const table: [text: string, ms: number | undefined][] = [
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["0s", 0],
    ["2", undefined],
    ["h", undefined],
    ["-2h", undefined],
    ["2 h", undefined],
    ["2H", undefined],
    ["9999999h", undefined],
    ["1constructor", undefined],
  ];
  for (const [text, ms] of table) {
    assert.equal(parseAge(text), ms, text);
  }
});
