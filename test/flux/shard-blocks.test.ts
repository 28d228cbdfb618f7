import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { KeptSamples } from "../../services/flux/intake/intake.ts";
import { KnownSeries } from "../../services/flux/intake/known-series.ts";
import { buildBlock, splitByShard, unregisteredSeries } from "../../services/flux/shard-blocks.ts";
import { loadKernel } from "../../services/kernel/load-kernel.ts";
import { decodeBlock } from "../../services/shared/block.ts";
import { type BlockEncoder, plainBlockEncoder } from "../../services/shared/block-encoder.ts";
import { shardOf } from "../../services/shared/series-id.ts";
import { randomSamples } from "../kernel/support/random-samples.ts";
import { createRandom, type Random } from "../support/random.ts";

const head = { owner: { tenant: "acme", server: "s1", namespace: "acme" }, generation: 3 };
const kernel = loadKernel((error) => assert.fail(String(error)));
const encoders: Readonly<Record<string, BlockEncoder>> = { "in WebAssembly": kernel, plain: plainBlockEncoder };

/** Samples of some series, of which most have several. */
function randomKept(count: number, shards: number, random: Random): KeptSamples {
  const { ids, timestampsMs, valueBits } = randomSamples(count, random);
  const known = Array.from(
    ids,
    (id) => new KnownSeries({ id, shard: shardOf(id, shards), record: Buffer.of(), sourceId: id }),
  );
  const series = known.map((one) => known[random.below(1 + (count >> 2))] ?? one);
  return { series, timestampsMs, valueBits };
}

function rowsOf({ series, timestampsMs, valueBits }: KeptSamples) {
  return series.map(({ id, shard }, i) => ({ id, shard, timestampMs: timestampsMs[i], valueBits: valueBits[i] }));
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
        series.id = BigInt(i) << 40n;
      }
      const decoded = decodeBlock(buildBlock(encoder, kept, undefined, head));
      assert.ok(decoded.ok);
      assert.deepEqual(
        [...decoded.block.samples.ids],
        kept.series.map(({ id }) => id),
      );
    });
  });
}

test("series that a registration lacks are found once each, of all samples and of a shard's", () => {
  const random = createRandom();
  const kept = randomKept(100, 2, random);
  for (const series of kept.series) {
    series.registration = random.below(2) + 1;
  }
  const lacking = [...new Set(kept.series)].filter(({ registration }) => registration !== 2);
  assert.deepEqual(unregisteredSeries(kept, undefined, 2), lacking);
  for (const [shard, positions] of splitByShard(kept, 2)) {
    assert.deepEqual(
      unregisteredSeries(kept, positions, 2),
      lacking.filter((one) => one.shard === shard),
    );
  }
});
