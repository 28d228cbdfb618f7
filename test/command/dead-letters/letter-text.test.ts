import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type StoredLetter, summarize, summaryRow } from "../../../services/command/dead-letters/letter-summary.ts";
import { LetterTally } from "../../../services/command/dead-letters/letter-tally.ts";
import { letterJson, letterText } from "../../../services/command/dead-letters/letter-text.ts";
import type { PlannedReplay } from "../../../services/command/dead-letters/replay-plan.ts";
import { encodeBlock } from "../../../services/shared/block.ts";
import { packRegistrations } from "../../../services/shared/registrations.ts";
import { knownSeries } from "../../horizon/support/known-series.ts";
import { blockLetter, samplesLetter, stored } from "../support/dead-letters.ts";

const BLOCK = encodeBlock({
  owner: { tenant: "acme", server: "eu-1", namespace: "prod" },
  generation: 490_908,
  samples: {
    ids: BigUint64Array.of(1n, 2n),
    timestampsMs: Float64Array.of(1000, 2000),
    valueBits: BigUint64Array.of(0n, 0x3ff8000000000000n),
  },
});
const PLAN: PlannedReplay = {
  ok: true,
  tenant: "",
  samples: 2,
  generation: 1,
  block: BLOCK,
  registrations: packRegistrations([]),
};
const REFUSED: PlannedReplay = { ok: false, why: "of the\u001b weather" };
const textOf = (letter: StoredLetter, plan: PlannedReplay = PLAN) =>
  [...letterText(letter, (id) => (id === 1n ? "up{}" : undefined), plan)].join("\n");

describe("a dead letter in one line", () => {
  test("has id, time, tenant, reason, sink, samples, series and the words of the store", () => {
    assert.deepEqual(summaryRow(summarize(samplesLetter())), [
      ...["2/1767270630123-0", "2026-01-01T12:30:30.000Z", "t1", "refused_by_store", "victoriametrics", "1"],
      ...['up{_tenant_id="t1",_server_id="s1",job="node"}', "400 no"],
    ]);
  });

  test("cuts names and words, and shows no control characters", () => {
    const series = knownSeries(1n, { __name__: "m", long: "x".repeat(200) });
    const row = summaryRow(summarize(samplesLetter({ series, tenant: "a\u001bb", detail: `no\n${"y".repeat(200)}` })));
    assert.equal(row[2], "a\\x1bb");
    assert.equal(row[6], `m{long="${"x".repeat(71)}…`);
    assert.equal(row[7], `no\\x0a${"y".repeat(56)}…`);
  });

  const blocks: [what: string, letter: StoredLetter, row: string[]][] = [
    [
      "whole",
      blockLetter(BLOCK, "unknown_series", "acme"),
      ["acme", "unknown_series", "-", "2", "-", `block of ${BLOCK.length} bytes`],
    ],
    [
      "damaged",
      blockLetter(Buffer.from("x"), "malformed"),
      ["-", "malformed", "-", "-", "-", "block of 1 bytes: it has 1 bytes, a block has at least 17"],
    ],
    ["strange", stored(["a", "b"]), ["-", "", "-", "-", "-", "its fields are a"]],
  ];
  for (const [what, letter, row] of blocks) {
    test(`says what it knows of one that is ${what}`, () => {
      assert.deepEqual(summaryRow(summarize(letter)).slice(2), row);
    });
  }
});

describe("a dead letter as text", () => {
  test("has every sample, with the bits of NaNs, and says that it can be replayed", () => {
    const samples = [
      { timestampMs: 1_767_270_600_000, bits: 0x3ff8000000000000n },
      { timestampMs: -1, bits: 0x7ff0000000000002n },
    ];
    assert.equal(
      textOf(samplesLetter({ samples, detail: "400 out\nof order" })),
      `dead letter 2/1767270630123-0
  time      2026-01-01T12:30:30.000Z
  reason    refused_by_store
  tenant    t1
  server    s1
  bytes     ${samplesLetter({ samples, detail: "400 out\nof order" }).letter.bytes}
  namespace ns
  sink      victoriametrics
  the store 400 out\\x0aof order
  series    up{_tenant_id="t1",_server_id="s1",job="node"}
  series id 00000000000000ff
  2 samples
    1767270600000  2026-01-01T12:30:00.000Z  1.5
    -1  1969-12-31T23:59:59.999Z  NaN (stale_marker, 0x7ff0000000000002)
  replay would put 2 samples back`,
    );
  });

  test("of a block has all of it, with the names that are known, and says why it cannot be replayed", () => {
    const text = textOf(blockLetter(BLOCK, "unknown_series", "acme"), REFUSED);
    assert.match(text, /^ {4}tenant acme, server eu-1, namespace prod$/m);
    assert.match(text, /^ {4}0000000000000001 {2}1000 {2}1970-01-01T00:00:01.000Z {2}0 {2}up\{\}$/m);
    assert.match(text, /^ {4}0000000000000002 {2}2000 {2}1970-01-01T00:00:02.000Z {2}1.5$/m);
    assert.match(text, /^ {2}replay cannot put it back: of the\\x1b weather$/m);
  });

  test("of a damaged block says what is wrong with it, and what it says of itself", () => {
    const flipped = Buffer.from(BLOCK);
    flipped[40] = (flipped[40] ?? 0) ^ 1;
    const text = textOf(blockLetter(flipped, "checksum_mismatch"));
    assert.match(text, /^ {2}tenant +-$/m);
    assert.match(text, /^ {4}damaged: checksum_mismatch at byte \d+: .*\n.*which may be wrong:\n {4}tenant acme/m);
  });

  test("of another form says which fields it has", () => {
    assert.match(textOf(stored(["a", "b"])), /^ {2}not read +its fields are a$/m);
  });
});

describe("a dead letter as JSON", () => {
  test("has the bits of every value", () => {
    const samples = [{ timestampMs: -1, bits: 0x7ff0000000000002n }];
    const { bytes } = samplesLetter({ samples }).letter;
    assert.deepEqual(letterJson(samplesLetter({ samples }), PLAN), {
      ...{ id: "2/1767270630123-0", at_ms: 1_767_270_630_000, time: "2026-01-01T12:30:30.000Z", bytes },
      ...{ tenant: "t1", server: "s1", reason: "refused_by_store", sink: "victoriametrics", samples: 1 },
      ...{ series: 'up{_tenant_id="t1",_server_id="s1",job="node"}', detail: "400 no" },
      ...{ namespace: "ns", series_id: "00000000000000ff" },
      values: [{ timestamp_ms: -1, time: "1969-12-31T23:59:59.999Z", value: "NaN", bits: "7ff0000000000002" }],
    });
  });

  test("has a block's bytes, and why it cannot be replayed", () => {
    const json = letterJson(blockLetter(BLOCK, "unknown_series"), REFUSED);
    assert.deepEqual(Buffer.from(json.block_base64 ?? "", "base64"), BLOCK);
    assert.equal(json.cannot_replay, "of the\u001b weather");
    assert.deepEqual([json.tenant, json.sink, json.samples], [null, null, 2]);
  });
});

test("a tally says how many letters and samples there are, of whom", () => {
  const tally = new LetterTally();
  let text = "";
  const io = { stdout: { write: (some: string) => (text += some) } };
  for (const { letter } of [
    ...[blockLetter(BLOCK, "unknown_series", "acme"), samplesLetter(), samplesLetter({ tenant: "acme" })],
    blockLetter(Buffer.from("x"), "malformed"),
  ]) {
    tally.add(letter);
  }
  tally.print(io, "replayed");
  assert.equal(
    text,
    `replayed 4 dead letters with 4 samples, and 1 of which it is not known how many samples they hold
  tenant not known: 1 dead letter with 0 samples, and 1 of which it is not known how many samples they hold
  acme: 2 dead letters with 3 samples
  t1: 1 dead letter with 1 sample
`,
  );
});
