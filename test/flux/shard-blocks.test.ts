import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { KeptSamples } from "../../services/flux/intake/intake.ts";
import { buildBlock, splitByShard, unregisteredSeries } from "../../services/flux/shard-blocks.ts";
import { loadKernel } from "../../services/kernel/load-kernel.ts";
import { decodeBlock } from "../../services/shared/block.ts";
import { type BlockEncoder, plainBlockEncoder } from "../../services/shared/block-encoder.ts";
import { shardOf } from "../../services/shared/series-id.ts";
import { randomSamples } from "../kernel/support/random-samples.ts";
import { createRandom, type Random } from "../support/random.ts";
import { addSeries, known } from "./support/known-series.ts";

const head = { owner: { tenant: "acme", server: "s1", namespace: "acme" }, generation: 3 };
const kernel = loadKernel((error) => assert.fail(String(error)));
const encoders: Readonly<Record<string, BlockEncoder>> = { "in WebAssembly": kernel, plain: plainBlockEncoder };

/** Samples of some series, of which most have several. */
function randomKept(count: number, shards: number, random: Random): KeptSamples {
  const { ids, timestampsMs, valueBits } = randomSamples(count, random);
  const all = Array.from(ids, (id) => addSeries([], id, shardOf(id, shards)));
  const series = Uint32Array.from(all, (one) => all[random.below(1 + (count >> 2))] ?? one);
  return { series, known, timestampsMs, valueBits };
}

function rowsOf({ series, timestampsMs, valueBits }: KeptSamples) {
  return Array.from(series, (one, i) => ({
    id: known.idOf(one),
    shard: known.shards[one],
    timestampMs: timestampsMs[i],
    valueBits: valueBits[i],
  }));
}

for (const [name, encoder] of Object.entries(encoders)) {
  describe(`blocks made by the encoder that is ${name}`, () => {
    for (const shards of [1, 2, 7]) {
      test(`hold every sample once, in its shard (of ${shards}) and in the order of the request`, () => {
        const random = createRandom();
        for (const count of [0, 1, 2, 300]) {
          const kept = randomKept(count, shards, random);
          const rows = rowsOf(kept);
          const blocks = new Map(
            [...splitByShard(kept, shards)].map(([shard, positions]) => {
              const decoded = decodeBlock(buildBlock(encoder, kept, positions, head));
              assert.ok(decoded.ok);
              assert.deepEqual({ ...decoded.block, samples: undefined }, { ...head, samples: undefined });
              return [shard, decoded.block.samples];
            }),
          );
          assert.deepEqual([...blocks.keys()].sort(), [...new Set(rows.map(({ shard }) => shard))].sort());
          for (const [shard, { ids, timestampsMs, valueBits }] of blocks) {
            const own = Array.from(ids, (id, i) => ({
              id,
              shard,
              timestampMs: timestampsMs[i],
              valueBits: valueBits[i],
            }));
            assert.deepEqual(
              own,
              rows.filter((row) => row.shard === shard),
              `seed ${random.seed}`,
            );
          }
        }
      });
    }

    test("have the ids that the series have at the moment", () => {
      const kept = randomKept(9, 1, createRandom());
      for (const [i, series] of kept.series.entries()) {
        known.changeId(series, BigInt(i) << 40n);
      }
      const decoded = decodeBlock(buildBlock(encoder, kept, undefined, head));
      assert.ok(decoded.ok);
      assert.deepEqual(
        [...decoded.block.samples.ids],
        Array.from(kept.series, (one) => known.idOf(one)),
      );
    });
  });
}

test("series that a registration lacks are found once each, of all samples and of a shard's", () => {
  const random = createRandom();
  const kept = randomKept(100, 2, random);
  for (const series of kept.series) {
    known.registrations[series] = random.below(2) + 1;
  }
  const lacking = [...new Set(kept.series)].filter((one) => known.registrations[one] !== 2);
  assert.deepEqual(unregisteredSeries(kept, undefined, 2), lacking);
  for (const [shard, positions] of splitByShard(kept, 2)) {
    assert.deepEqual(
      unregisteredSeries(kept, positions, 2),
      lacking.filter((one) => known.shards[one] === shard),
    );
  }
});
