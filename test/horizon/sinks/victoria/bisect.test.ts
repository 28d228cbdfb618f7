import assert from "node:assert/strict";
import { test } from "node:test";
import { type SendOutcome, sendOrBisect } from "../../../../services/horizon/sinks/victoria/bisect.ts";
import type { SeriesRuns } from "../../../../services/kernel/body-writer.ts";

/** Nine series of three samples each. */
const runs: SeriesRuns = {
  groups: Int32Array.from({ length: 9 }, (_, i) => i),
  firsts: Int32Array.from({ length: 9 }, (_, i) => 10 * i),
  counts: new Int32Array(9).fill(3),
};

const rowsOf = ({ firsts, counts }: SeriesRuns) =>
  Array.from(firsts).flatMap((first, i) => Array.from({ length: counts[i] ?? 0 }, (_, row) => first + row));

/** A store that refuses some requests; it remembers what it accepted. */
function store(judge: (runs: SeriesRuns) => SendOutcome) {
  const accepted: number[] = [];
  let requests = 0;
  const send = async (some: SeriesRuns) => {
    requests++;
    const outcome = judge(some);
    if (outcome.ok) {
      accepted.push(...rowsOf(some));
    }
    return outcome;
  };
  return { send, accepted, requests: () => requests };
}

const refusal = (status: number): SendOutcome => ({ ok: false, status, words: "bad" });
const all = rowsOf(runs);

test("what a store accepts is sent once", async () => {
  const { send, accepted, requests } = store(() => ({ ok: true }));
  assert.deepEqual(await sendOrBisect(runs, send), []);
  assert.deepEqual(accepted, all);
  assert.equal(requests(), 1);
});

test("bad series stand alone in the end, and all others are accepted once, in few requests", async () => {
  const bad = new Set([0, 5]);
  const { send, accepted, requests } = store((some) =>
    some.groups.some((group) => bad.has(group)) ? refusal(400) : { ok: true },
  );
  const refused = await sendOrBisect(runs, send);
  assert.deepEqual(
    refused.map(({ group, first, count, status, words }) => [group, first, count, status, words]),
    [
      [0, 0, 3, 400, "bad"],
      [5, 50, 3, 400, "bad"],
    ],
  );
  assert.deepEqual(
    accepted,
    all.filter((position) => position >= 3 && (position < 50 || position > 52)),
  );
  assert.ok(requests() <= 2 * 2 * 4 + 1, String(requests()));
});

test("a request that is too large is halved down to samples, and nothing is lost by that", async () => {
  const { send, accepted } = store((some) => (rowsOf(some).length > 1 ? refusal(413) : { ok: true }));
  assert.deepEqual(await sendOrBisect(runs, send), []);
  assert.deepEqual(accepted, all);
});

test("a single sample that is too large is refused", async () => {
  const { send } = store((some) => (rowsOf(some).includes(41) ? refusal(413) : { ok: true }));
  const refused = await sendOrBisect(runs, send);
  assert.deepEqual(
    refused.map(({ group, first, count }) => [group, first, count]),
    [[4, 41, 1]],
  );
});

test("a store that takes nothing now ends it", async () => {
  const failing = sendOrBisect(runs, async () => {
    throw new Error("away");
  });
  await assert.rejects(failing, /away/);
});
