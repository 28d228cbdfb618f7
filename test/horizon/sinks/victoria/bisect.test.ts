import assert from "node:assert/strict";
import { test } from "node:test";
import { type SendOutcome, sendOrBisect } from "../../../../services/horizon/sinks/victoria/bisect.ts";
import type { SeriesSamples } from "../../../../services/horizon/slice.ts";
import { knownSeries } from "../../support/known-series.ts";

const groups: SeriesSamples[] = Array.from({ length: 9 }, (_, i) => ({
  series: knownSeries(BigInt(i), { __name__: `m${i}` }),
  tenant: "t1",
  namespace: "ns",
  first: 10 * i,
  count: 3,
}));

const rowsOf = (some: readonly SeriesSamples[]) =>
  some.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));

/** A store that refuses some requests; it remembers what it accepted. */
function store(judge: (groups: readonly SeriesSamples[]) => SendOutcome) {
  const accepted: number[] = [];
  let requests = 0;
  const send = async (some: readonly SeriesSamples[]) => {
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
const all = rowsOf(groups);

test("what a store accepts is sent once", async () => {
  const { send, accepted, requests } = store(() => ({ ok: true }));
  assert.deepEqual(await sendOrBisect(groups, send), []);
  assert.deepEqual(accepted, all);
  assert.equal(requests(), 1);
});

test("bad series stand alone in the end, and all others are accepted once, in few requests", async () => {
  const bad = new Set([0n, 5n]);
  const { send, accepted, requests } = store((some) =>
    some.some(({ series }) => bad.has(series.id)) ? refusal(400) : { ok: true },
  );
  const refused = await sendOrBisect(groups, send);
  assert.deepEqual(
    refused.map(({ group, status, words }) => [group.series.id, rowsOf([group]), status, words]),
    [
      [0n, [0, 1, 2], 400, "bad"],
      [5n, [50, 51, 52], 400, "bad"],
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
  assert.deepEqual(await sendOrBisect(groups, send), []);
  assert.deepEqual(accepted, all);
});

test("a single sample that is too large is refused", async () => {
  const { send } = store((some) => (some.some((group) => rowsOf([group]).includes(41)) ? refusal(413) : { ok: true }));
  const refused = await sendOrBisect(groups, send);
  assert.deepEqual(
    refused.map(({ group }) => rowsOf([group])),
    [[41]],
  );
});

test("a store that takes nothing now ends it", async () => {
  const failing = sendOrBisect(groups, async () => {
    throw new Error("away");
  });
  await assert.rejects(failing, /away/);
});
