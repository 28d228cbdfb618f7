import assert from "node:assert/strict";
import { KnownSeries } from "../../../services/horizon/known-series.ts";
import { toWireLabels } from "../../../services/horizon/wire-labels.ts";
import { ByteSpace } from "../../../services/shared/byte-space.ts";
import { highHalf, lowHalf } from "../../../services/shared/id-halves.ts";
import { encodeLabels } from "../../../services/shared/label-bytes.ts";
import { compareUtf8, type Label } from "../../../services/shared/series.ts";

/** A label set in the order that series have. */
export function labelSet(labels: Readonly<Record<string, string>>): Label[] {
  const pairs = Object.entries(labels).map(([name, value]) => ({ name, value }));
  return pairs.sort((a, b) => compareUtf8(a.name, b.name));
}

/** A series as the registry would give it. */
export function knownSeries(id: bigint, labels: Readonly<Record<string, string>>): KnownSeries {
  const wireLabels = toWireLabels(encodeLabels(labelSet(labels)));
  assert.ok(wireLabels);
  return new KnownSeries(lowHalf(id), highHalf(id), new ByteSpace(262_144).keep(wireLabels));
}
