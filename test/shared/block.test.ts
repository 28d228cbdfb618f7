import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import {
  type Block,
  decodeBlock,
  encodeBlock,
  MAX_TIMESTAMP_MS,
  readBlockHeader,
} from "../../services/shared/block.ts";
import { createRandom, type Random } from "../support/random.ts";
import { SPECIAL_VALUE_BITS } from "../support/special-values.ts";

const crc32c = createRequire(import.meta.url)("crc-32/crc32c") as {
  buf(bytes: Uint8Array, seed?: number): number;
};
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
    const detail = "its version is 2, only 1 is read here";
    assert.deepEqual(decodeBlock(later), { ok: false, fault: "unknown_version", at: 0, detail });
    const otherKind = Buffer.from(good);
    otherKind[1] = 9;
    const kindDetail = "its kind is 9, only 1 is read here";
    assert.deepEqual(decodeBlock(otherKind), { ok: false, fault: "unknown_version", at: 1, detail: kindDetail });
  });

  test("are found by their checksum, whichever bit is wrong", () => {
    for (let byte = 2; byte < good.length; byte++) {
      const damaged = Buffer.from(good);
      damaged[byte] = (damaged[byte] ?? 0) ^ 0x10;
      const decoded = decodeBlock(damaged);
      assert.ok(!decoded.ok);
      assert.deepEqual([decoded.fault, decoded.at], ["checksum_mismatch", good.length - 4], `byte ${byte}`);
      assert.match(decoded.detail, /^its checksum is [0-9a-f]{8}, that of its bytes [0-9a-f]{8}$/);
    }
  });

  test("still say whose they are and how many samples they claim to hold", () => {
    const cut = good.subarray(0, good.length - 10);
    assert.equal(decodeBlock(cut).ok, false);
    assert.deepEqual(readBlockHeader(cut), { owner, generation: 497_000, count: 1, end: 2 + 5 + 5 + 10 + 8 });
    assert.equal(readBlockHeader(good.subarray(0, 29)), undefined);
  });

  const withChecksum = (body: Buffer) => {
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(crc32c.buf(body, 0) >>> 0);
    return Buffer.concat([body, crc]);
  };
  const body = good.subarray(0, good.length - 4);
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(body);
    change(bytes);
    return withChecksum(bytes);
  };
  const damages: [what: string, bytes: Buffer, at: number, says: RegExp][] = [
    ["too few", good.subarray(0, 16), 16, /has 16 bytes, a block has at least 17/],
    ["ends within its names", changed((bytes) => bytes.writeUInt8(255, 2)), body.length, /ends within tenant/],
    [
      "claims more samples than it holds",
      changed((bytes) => bytes.writeUInt8(9, 26)),
      26,
      /9 samples take at least 144/,
    ],
    ["claims fewer samples than it holds", changed((bytes) => bytes.writeUInt8(0, 26)), 30, /not those of 0 samples/],
  ];
  for (const [what, bytes, at, says] of damages) {
    test(`are malformed where a block ${what}, which is said with its place`, () => {
      const decoded = decodeBlock(bytes);
      assert.ok(!decoded.ok);
      assert.deepEqual([decoded.fault, decoded.at], ["malformed", at]);
      assert.match(decoded.detail, says);
    });
  }

  test("are refused at any length", () => {
    for (let length = 0; length < good.length; length++) {
      assert.equal(decodeBlock(good.subarray(0, length)).ok, false, `length ${length}`);
    }
  });
});

function randomBits(random: Random): bigint {
  return (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
}
