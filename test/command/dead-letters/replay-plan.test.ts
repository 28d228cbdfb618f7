import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planReplay } from "../../../services/command/dead-letters/replay-plan.ts";
import { labelBytesOf } from "../../../services/horizon/known-series.ts";
import { decodeBlock, encodeBlock } from "../../../services/shared/block.ts";
import { packRegistrations } from "../../../services/shared/registrations.ts";
import { decodeRecord } from "../../../services/shared/registry-record.ts";
import { idBytes } from "../../../services/shared/series-id.ts";
import { SPECIAL_VALUE_BITS } from "../../support/special-values.ts";
import { blockLetter, refused, samplesLetter, stored } from "../support/dead-letters.ts";

const known = { generation: 7, unknownSeries: () => Promise.resolve(0) };
const BLOCK = encodeBlock({
  owner: { tenant: "acme", server: "eu-1", namespace: "prod" },
  generation: 5,
  samples: {
    ids: BigUint64Array.of(1n, 2n, 1n),
    timestampsMs: Float64Array.of(1, 2, 3),
    valueBits: BigUint64Array.of(0n, 0n, 0n),
  },
});

describe("replaying", () => {
  test("samples makes a block of them, bit for bit, with their series", async () => {
    const samples = Object.values(SPECIAL_VALUE_BITS).map((bits, i) => ({ timestampMs: 1000 - 400 * i, bits }));
    const plan = await planReplay(samplesLetter({ samples }).letter, known);
    assert.ok(plan.ok);
    assert.deepEqual([plan.tenant, plan.samples, plan.generation], ["t1", samples.length, 7]);
    const decoded = decodeBlock(plan.block);
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.block, {
      owner: { tenant: "t1", server: "s1", namespace: "ns" },
      generation: 7,
      samples: {
        ids: new BigUint64Array(samples.length).fill(255n),
        timestampsMs: Float64Array.from(samples, ({ timestampMs }) => timestampMs),
        valueBits: BigUint64Array.from(samples, ({ bits }) => bits),
      },
    });
    const { ids, records } = plan.registrations;
    assert.deepEqual(ids, idBytes(255n));
    const record = records.subarray(4);
    assert.equal(record.length, records.readUInt32LE());
    const { labels, type } = decodeRecord(record) ?? {};
    assert.deepEqual([labels?.at(-1), type], [{ name: "job", value: "node" }, "unknown"]);
    assert.equal(labels?.length, 4);
    assert.deepEqual(record.subarray(2), labelBytesOf(refused().series));
  });

  test("a block whose series are known puts it back as it was", async () => {
    assert.deepEqual(await planReplay(blockLetter(BLOCK, "unknown_series").letter, known), {
      ...{ ok: true, tenant: "acme", samples: 3, generation: 5, block: BLOCK, registrations: packRegistrations([]) },
    });
  });

  test("a block asks for its own series", async () => {
    const asked: bigint[] = [];
    await planReplay(blockLetter(BLOCK, "unknown_series").letter, {
      generation: 7,
      unknownSeries: ({ samples }) => {
        asked.push(...samples.ids);
        return Promise.resolve(0);
      },
    });
    assert.deepEqual(asked, [1n, 2n, 1n]);
  });

  const newer = Buffer.from(BLOCK);
  newer[0] = 9;
  const impossible: [what: string, letter: Parameters<typeof planReplay>[0], why: RegExp][] = [
    [
      "a block of unknown series",
      blockLetter(BLOCK, "unknown_series").letter,
      /^the registry does not know 1 of its 2 series/,
    ],
    ["a damaged block", blockLetter(BLOCK.subarray(1), "malformed").letter, /^its block cannot be read, [a-z_]+: /],
    [
      "a block of a later version",
      blockLetter(newer, "unknown_version").letter,
      /^its block cannot be read, unknown_version: its version is 9/,
    ],
    ["what is no letter", stored(["a", "b"]).letter, /^it is not a dead letter of this version: its fields are a$/],
  ];
  for (const [what, letter, why] of impossible) {
    test(`${what} is refused, with the reason`, async () => {
      const plan = await planReplay(letter, { generation: 7, unknownSeries: () => Promise.resolve(1) });
      assert.ok(!plan.ok);
      assert.match(plan.why, why);
    });
  }
});
