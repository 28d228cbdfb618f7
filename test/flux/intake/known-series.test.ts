import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KnownSeries } from "../../../services/flux/intake/known-series.ts";
import { KNOWN_SECRET } from "../../../services/flux/intake/series-by-id.ts";
import { registrationsOf } from "../../../services/flux/register-series.ts";
import { behindLength, packRegistrations, RECORD_LENGTH_BYTES } from "../../../services/shared/registrations.ts";

const SERIES = 5000;

/** A record of a few hundred bytes, so that all of them take several chunks. */
function recordOf(series: number): Buffer {
  return Buffer.from(`\u0001\u0000${series} ${"x".repeat(300 + (series % 100))}`);
}

/** Ids of which many have the same low half. */
function idOf(series: number): bigint {
  return (BigInt(series) << 32n) | BigInt(series % 7);
}

function filled(stream = 1): KnownSeries {
  const known = new KnownSeries(KNOWN_SECRET);
  for (let series = 0; series < SERIES; series++) {
    const record = recordOf(series);
    const number = known.add({
      ...{ stream, idLow: series % 7, idHigh: series, shard: series % 3 },
      recordAt: known.records.hold(behindLength(record)) + RECORD_LENGTH_BYTES,
      recordBytes: record.length,
      sourceId: undefined,
    });
    known.registrations[number] = series;
  }
  return known;
}

describe("known series", () => {
  const all = Array.from({ length: SERIES }, (_, series) => series);

  test("are found by stream and id, whatever else has a part of it", () => {
    const known = filled();
    for (const series of all) {
      assert.equal(known.find({ stream: 1, idLow: series % 7, idHigh: series }), series);
      assert.equal(known.idOf(series), idOf(series));
    }
    assert.equal(known.find({ stream: 2, idLow: 1, idHigh: 1 }), undefined);
    assert.equal(known.find({ stream: 1, idLow: 2, idHigh: 1 }), undefined);
  });

  test("take what is known of them along when they are adopted, once", () => {
    const old = filled();
    const young = new KnownSeries(KNOWN_SECRET);
    for (const series of all.toReversed()) {
      const number = young.adopt(old, series);
      assert.equal(young.adopt(old, series), number);
      assert.equal(young.idOf(number), idOf(series));
      assert.equal(young.shards[number], series % 3);
      assert.equal(young.registrations[number], series);
      assert.ok(young.recordOf(number).equals(recordOf(series)));
    }
    assert.equal(young.size, SERIES);
  });

  test("have their records also where they were before, for requests that are on their way", () => {
    const first = filled();
    const second = new KnownSeries(KNOWN_SECRET);
    const third = new KnownSeries(KNOWN_SECRET);
    const want = packRegistrations(all.map((series) => [idOf(series), recordOf(series)]));
    assert.deepEqual(registrationsOf(first, all, undefined), want);
    for (const series of all.slice(0, 4900).toReversed()) {
      third.adopt(second, second.adopt(first, series));
    }
    assert.deepEqual(registrationsOf(first, all, undefined), want);
  });

  test("keep the memory of their labels when the id turns out to be another's", () => {
    const known = filled();
    known.changeId(3, 2n ** 63n + 5n);
    assert.equal(known.idOf(3), 2n ** 63n + 5n);
    assert.equal(known.sourceIdOf(3), idOf(3));
    assert.equal(known.sourceIdOf(4), idOf(4));
    assert.equal(known.find({ stream: 1, idLow: 3, idHigh: 3 }), undefined, "what has its id now is another series");
  });
});
