import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cutFamilies,
  encodeMetadataBody,
  type FamilyMetadata,
} from "../../../../services/horizon/sinks/victoria/metadata-body.ts";
import { referenceCodec } from "../../../../services/kernel/reference.ts";
import { METRIC_TYPES } from "../../../../services/shared/registry-record.ts";
import { loadProto } from "../../../support/write-request.ts";

const family = (familyName: string, help = "Help.", unit = ""): FamilyMetadata => ({
  familyName,
  type: "gauge",
  help,
  unit,
});

function expand(body: Buffer): Buffer {
  const expanded = referenceCodec.uncompress(body, 1 << 24);
  assert.ok(expanded.ok);
  return expanded.bytes;
}

test("a body is a WriteRequest of metadata alone, as a decoder made from the .proto files reads it", () => {
  const families = METRIC_TYPES.map((type, i) => ({
    familyName: `family_${i}_é`,
    type,
    help: "日本 \n".repeat(i * 20),
    unit: i % 2 === 0 ? "" : "seconds",
  }));
  const oracle = loadProto().lookupType("prometheus.WriteRequest");
  const read = oracle.toObject(oracle.decode(expand(encodeMetadataBody(families))), { defaults: true });
  assert.deepEqual(read, {
    timeseries: [],
    metadata: families.map(({ familyName, help, unit }, type) => ({ metricFamilyName: familyName, type, help, unit })),
  });
});

test("families are cut by number and by bytes, in their order, and one that is too large stands alone", () => {
  const cut = (families: FamilyMetadata[], maxFamilies: number, maxBytes: number) =>
    [...cutFamilies(families, { maxFamilies, maxBytes })].map((batch) => batch.map(({ familyName }) => familyName));
  const five = ["a", "b", "c", "d", "e"].map((name) => family(name));
  assert.deepEqual(cut(five, 2, 1e6), [["a", "b"], ["c", "d"], ["e"]]);
  const bytes = expand(encodeMetadataBody(five.slice(0, 3))).length;
  assert.deepEqual(cut(five, 100, bytes), [
    ["a", "b", "c"],
    ["d", "e"],
  ]);
  assert.deepEqual(cut(five, 100, bytes - 1), [["a", "b"], ["c", "d"], ["e"]]);
  assert.deepEqual(cut([family("small"), family("large", "x".repeat(500)), family("other")], 100, 100), [
    ["small"],
    ["large"],
    ["other"],
  ]);
  assert.deepEqual(cut([], 1, 1), []);
});
