import { timeSeriesKey } from "../../../shared/buffer-keys.ts";
import { labelBytesOf } from "../../known-series.ts";
import type { SeriesTable } from "../../series-table.ts";
import { type Complaint, readComplaints } from "./reply-verdict.ts";
import { packSeries } from "./stored-words.ts";
import type { TimeSeriesShape } from "./timeseries-shape.ts";
import type { WriteFence } from "./write-fence.ts";

/** Redis takes some 40 µs to create one, and nobody else has their turn meanwhile. */
const SERIES_PER_COMMAND = 100;

export interface MendingOptions {
  readonly keyPrefix: string;
  readonly shape: TimeSeriesShape;
}

/**
 * Creates series, or gives our settings and labels to some that are there.
 * @param numbers those of the series, in `table`.
 * @returns what the module complained of, by number; it did all others.
 * @throws RetryableError when the server does nothing now, and LeaseLostError.
 */
export async function mendSeries(
  { keyPrefix, shape }: MendingOptions,
  fence: WriteFence,
  command: "TS.CREATE" | "TS.ALTER",
  table: SeriesTable,
  numbers: ReadonlySet<number>,
): Promise<Map<number, Complaint>> {
  const complaints = new Map<number, Complaint>();
  const mend = async (some: readonly number[]) => {
    const packed = some.map((number) => {
      const series = table.at(number);
      return packSeries(timeSeriesKey(keyPrefix, series.idText), labelBytesOf(series));
    });
    const args = [command, shape.retentionMs, shape.chunkBytes, Buffer.concat(packed)];
    const said = readComplaints(await fence.run("mend-series", [], args), some.length);
    for (const [i, number] of some.entries()) {
      const complaint = said.get(i);
      if (complaint) {
        complaints.set(number, complaint);
      }
    }
  };
  await Promise.all(batchesOf([...numbers], SERIES_PER_COMMAND).map(mend));
  return complaints;
}

function batchesOf<Item>(items: readonly Item[], size: number): Item[][] {
  const batches: Item[][] = [];
  for (let start = 0; start < items.length; start += size) {
    batches.push(items.slice(start, start + size));
  }
  return batches;
}
