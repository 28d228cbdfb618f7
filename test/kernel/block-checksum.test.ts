import assert from "node:assert/strict";
import { test } from "node:test";
import { loadBlockChecksum } from "../../services/kernel/load-block-checksum.ts";
import { plainChecksum } from "../../services/shared/block.ts";
import { createRandom } from "../support/random.ts";

const checksum = loadBlockChecksum();

test("the checksum is that of RFC 3720", () => {
  assert.equal(checksum(Buffer.alloc(32)), 0x8a9136aa);
  assert.equal(checksum(Buffer.from("123456789")), 0xe3069283);
});

test("bytes of any length have the checksum that the plain function gives", () => {
  const random = createRandom();
  for (const length of [0, 1, 15, 16, 17, 100_000, ...Array.from({ length: 200 }, () => random.below(5000))]) {
    const bytes = Buffer.from(Array.from({ length }, () => random.below(256)));
    assert.equal(checksum(bytes), plainChecksum(bytes), `seed ${random.seed}, ${length} bytes`);
  }
});
