import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Block, decodeBlock, encodeBlock, MAX_TIMESTAMP_MS } from "../../services/shared/block.ts";
import { createRandom, type Random } from "../support/random.ts";
import { SPECIAL_VALUE_BITS } from "../support/special-values.ts";

const owner = { tenant: "acme", server: "eu-1", namespace: "acme.prod" };

function block(rows: readonly { id: bigint; ts: number; bits: bigint }[]): Block {
  return {
    owner,
    generation: 497_000,
    samples: {
      ids: BigUint64Array.from(rows, ({ id }) => id),
      timestampsMs: Float64Array.from(rows, ({ ts }) => ts),
      valueBits: BigUint64Array.from(rows, ({ bits }) => bits),
    },
  };
}

function readBack(given: Block): Block {
  const decoded = decodeBlock(encodeBlock(given));
  assert.ok(decoded.ok);
  return decoded.block;
}

describe("a block", () => {
  test("gives back what was put in, values bit for bit", () => {
    const rows = Object.values(SPECIAL_VALUE_BITS).map((bits, i) => ({
      id: BigInt(i),
      ts: 1_700_000_000_000 + i,
      bits,
    }));
    assert.deepEqual(readBack(block(rows)), block(rows));
  });

  test("holds timestamps at both ends of the range side by side", () => {
    const times = [0, -1, 1, MAX_TIMESTAMP_MS, -MAX_TIMESTAMP_MS, MAX_TIMESTAMP_MS, 5, 5];
    const given = block(times.map((ts) => ({ id: 0xffffffffffffffffn, ts, bits: 0n })));
    assert.deepEqual(readBack(given), given);
  });

  test("is the same bytes for the same samples, so that a retry is the same set member", () => {
    const rows = [{ id: 7n, ts: 1_700_000_000_000, bits: 1n }];
    assert.deepEqual(encodeBlock(block(rows)), encodeBlock(block(rows)));
  });

  test("takes 16 bytes a sample and a few more when timestamps come in runs", () => {
    const rows = Array.from({ length: 2000 }, (_, i) => ({ id: BigInt(i), ts: 1_700_000_000_000, bits: 9n }));
    assert.ok(encodeBlock(block(rows)).length < 2000 * 16 + 64);
  });

  test("gives back random samples", () => {
    const random = createRandom();
    for (let i = 0; i < 200; i++) {
      const rows = Array.from({ length: random.below(300) }, () => ({
        id: randomBits(random),
        ts: Math.floor((random.next() - 0.5) * 2 ** (1 + random.below(50))),
        bits: randomBits(random),
      }));
      assert.deepEqual(readBack(block(rows)), block(rows), `seed ${random.seed}`);
    }
  });
});

describe("bytes that are not a block", () => {
  const good = encodeBlock(block([{ id: 7n, ts: 1_700_000_000_000, bits: 1n }]));

  test("of a later version are told apart from damage", () => {
    const later = Buffer.from(good);
    later[0] = 2;
    assert.deepEqual(decodeBlock(later), { ok: false, fault: "unknown_version" });
  });

  test("are found by their checksum, whichever bit is wrong", () => {
    for (let byte = 2; byte < good.length; byte++) {
      const damaged = Buffer.from(good);
      damaged[byte] = (damaged[byte] ?? 0) ^ 0x10;
      assert.deepEqual(decodeBlock(damaged), { ok: false, fault: "checksum_mismatch" }, `byte ${byte}`);
    }
  });

  test("are refused at any length", () => {
    for (let length = 0; length < good.length; length++) {
      assert.equal(decodeBlock(good.subarray(0, length)).ok, false, `length ${length}`);
    }
  });
});

function randomBits(random: Random): bigint {
  return (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
}
