import { timeSeriesKey } from "../../../shared/buffer-keys.ts";
import { type KnownSeries, labelBytesOf } from "../../known-series.ts";
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
 * @returns what the module complained of; it did all others.
 * @throws RetryableError when the server does nothing now, and LeaseLostError.
 */
export async function mendSeries(
  { keyPrefix, shape }: MendingOptions,
  fence: WriteFence,
  command: "TS.CREATE" | "TS.ALTER",
  series: ReadonlySet<KnownSeries>,
): Promise<Map<KnownSeries, Complaint>> {
  const complaints = new Map<KnownSeries, Complaint>();
  const mend = async (some: readonly KnownSeries[]) => {
    const packed = some.map((one) => packSeries(timeSeriesKey(keyPrefix, one.idText), labelBytesOf(one)));
    const args = [command, shape.retentionMs, shape.chunkBytes, Buffer.concat(packed)];
    const said = readComplaints(await fence.run("mend-series", [], args), some.length);
    for (const [i, one] of some.entries()) {
      const complaint = said.get(i);
      if (complaint) {
        complaints.set(one, complaint);
      }
    }
  };
  await Promise.all(batchesOf([...series], SERIES_PER_COMMAND).map(mend));
  return complaints;
}

function batchesOf<Item>(items: readonly Item[], size: number): Item[][] {
  const batches: Item[][] = [];
  for (let start = 0; start < items.length; start += size) {
    batches.push(items.slice(start, start + size));
  }
  return batches;
}
