import { startRedis } from "../support/redis-server.ts";
import { peakResidentBytes, residentBytes } from "../support/resident-bytes.ts";
import { startFluxContestant } from "./flux-contestant.ts";
import { mebibytes } from "./mebibytes.ts";
import { sendPass } from "./send-pass.ts";

const SCRAPE_MS = 15_000;
const PASSES = 3;
/** The table is two halves, and a half has to hold every active series: see `SeriesTable`. */
const TABLE_ENTRIES_PER_SERIES = 2;

/** Prints how much memory a Flux takes that has so many active series, each with a sample in each of three passes. */
export async function measureActiveSeries(series: number): Promise<void> {
  const redis = await startRedis();
  const tableSize = Math.max(1_000_000, TABLE_ENTRIES_PER_SERIES * series);
  const contestant = await startFluxContestant(redis.url, { settings: { FLUX_SERIES_TABLE_SIZE: String(tableSize) } });
  const { pid } = contestant.flux;
  const idle = residentBytes(pid);
  const startMs = Date.now() - 3_600_000;
  for (let pass = 0; pass < PASSES; pass++) {
    await sendPass(contestant, { firstSeries: 0, series, timestampMs: startMs + pass * SCRAPE_MS });
  }
  console.log(
    `Flux with ${series} active series (FLUX_SERIES_TABLE_SIZE ${tableSize}): ${mebibytes(residentBytes(pid))} resident, ` +
      `${mebibytes(peakResidentBytes(pid))} at most, ${mebibytes(idle)} at the start`,
  );
  await contestant.stop();
  await redis.stop();
}
