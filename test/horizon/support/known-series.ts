import assert from "node:assert/strict";
import { type KnownSeries, parseKnownSeries } from "../../../services/horizon/known-series.ts";
import { encodeRecord } from "../../../services/shared/registry-record.ts";
import { compareUtf8, type Label } from "../../../services/shared/series.ts";

/** A label set in the order that series have. */
export function labelSet(labels: Readonly<Record<string, string>>): Label[] {
  const pairs = Object.entries(labels).map(([name, value]) => ({ name, value }));
  return pairs.sort((a, b) => compareUtf8(a.name, b.name));
}

/** A series as the registry would give it. */
export function knownSeries(id: bigint, labels: Readonly<Record<string, string>>): KnownSeries {
  const series = parseKnownSeries(id, encodeRecord(labelSet(labels), "unknown"));
  assert.ok(series);
  return series;
}
