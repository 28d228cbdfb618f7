import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMetadata, encodeMetadata, metadataContent } from "../../services/shared/metadata-record.ts";
import { METRIC_TYPES } from "../../services/shared/registry-record.ts";

test("a record gives back what was put in", () => {
  for (const type of METRIC_TYPES) {
    for (const [help, unit] of [
      ["", ""],
      ["Help with ü and \n.", "seconds"],
      ["x".repeat(4096), "y".repeat(256)],
    ] as const) {
      const record = { type, help, unit, writtenHour: 498_611 };
      assert.deepEqual(decodeMetadata(encodeMetadata(record)), record);
    }
  }
});

test("a record has the bytes that its description says", () => {
  const bytes = encodeMetadata({ type: "counter", help: "H", unit: "s", writtenHour: 0x01020304 });
  assert.equal(bytes.toString("hex"), "01" + "04030201" + "01" + "0148" + "0173");
});

test("the content is equal where type, help and unit are, whenever it was written", () => {
  const record = { type: "gauge", help: "h", unit: "u", writtenHour: 1 } as const;
  const content = (changed: Partial<Parameters<typeof encodeMetadata>[0]>) =>
    metadataContent(encodeMetadata({ ...record, ...changed })).toString("hex");
  assert.equal(content({ writtenHour: 99 }), content({}));
  for (const changed of [{ type: "counter" }, { help: "hu", unit: "" }, { unit: "v" }] as const) {
    assert.notEqual(content(changed), content({}));
  }
});

test("bytes of another version, damaged or too short are no record", () => {
  const good = encodeMetadata({ type: "gauge", help: "help", unit: "u", writtenHour: 1 });
  const other = Buffer.from(good);
  other[0] = 2;
  const unknownType = Buffer.from(good);
  unknownType[5] = 8;
  for (const bytes of [
    other,
    unknownType,
    good.subarray(0, -1),
    good.subarray(0, 6),
    good.subarray(0, 3),
    Buffer.alloc(0),
  ]) {
    assert.equal(decodeMetadata(bytes), undefined, bytes.toString("hex"));
  }
  assert.equal(decodeMetadata(Buffer.concat([good, Buffer.of(0, 0)])), undefined);
});
