import type { KeptSamples } from "../../../services/flux/intake/intake.ts";
import { KnownSeries } from "../../../services/flux/intake/known-series.ts";
import { KNOWN_SECRET } from "../../../services/flux/intake/series-by-id.ts";
import { storedName } from "../../../services/flux/intake/stored-name.ts";
import { highHalf, lowHalf } from "../../../services/shared/id-halves.ts";
import { behindLength, RECORD_LENGTH_BYTES } from "../../../services/shared/registrations.ts";
import { encodeRecord } from "../../../services/shared/registry-record.ts";
import type { LabelSet, SeriesId } from "../../../services/shared/series.ts";

/** All series that tests of a file add. */
export const known = new KnownSeries(KNOWN_SECRET);

/** Adds a series that nobody has registered, even if there is another like it. @returns its number. */
export function addSeries(labels: LabelSet, id: SeriesId = 1n, shard = 0): number {
  const record = encodeRecord(labels, "unknown");
  return known.add({
    stream: 1,
    idLow: lowHalf(id),
    idHigh: highHalf(id),
    shard,
    recordAt: known.records.hold(behindLength(record)) + RECORD_LENGTH_BYTES,
    recordBytes: record.length,
    sourceId: undefined,
  });
}

/** A sample of each series. */
export function samplesOf(series: Iterable<number>, timestampMs = 0, bits = 0n): KeptSamples {
  const numbers = Uint32Array.from(series);
  return {
    series: numbers,
    known,
    timestampsMs: new Float64Array(numbers.length).fill(timestampMs),
    valueBits: new BigUint64Array(numbers.length).fill(bits),
  };
}

/** The names of the series of samples, as they are stored. */
export function namesOf({ series, known: of }: KeptSamples): string[] {
  return Array.from(series, (one) => storedName(of.recordOf(one)));
}
