import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteSpace } from "../../services/shared/byte-space.ts";

test("bytes of any length are kept as they were, those of one chunk one behind the other", () => {
  const space = new ByteSpace(262_144);
  const kept = Array.from({ length: 3000 }, (_, i) => ({
    want: Buffer.alloc((i * 7919) % 500, i),
    place: space.keep(Buffer.alloc((i * 7919) % 500, i)),
  }));
  kept.push({ want: Buffer.alloc(1_000_000, 7), place: space.keep(Buffer.alloc(1_000_000, 7)) });
  for (const [i, { want, place }] of kept.entries()) {
    assert.deepEqual(Buffer.from(place.chunk.subarray(place.start, place.end)), want);
    const before = kept[i - 1]?.place;
    assert.ok(before?.chunk !== place.chunk || before.end === place.start);
  }
});
