import { startRedis } from "../support/redis-server.ts";
import { peakResidentBytes, residentBytes } from "../support/resident-bytes.ts";
import { startFluxContestant } from "./flux-contestant.ts";
import { mebibytes } from "./mebibytes.ts";
import { sendPass } from "./send-pass.ts";

const SCRAPE_MS = 15_000;
const PASSES = 3;
/** Prints how much memory a Flux takes that has so many active series, each with a sample in each of three passes. */
export async function measureActiveSeries(series: number): Promise<void> {
  const redis = await startRedis();
  const contestant = await startFluxContestant(redis.url);
  const { pid } = contestant.flux;
  const idle = residentBytes(pid);
  const startMs = Date.now() - 3_600_000;
  for (let pass = 0; pass < PASSES; pass++) {
    await sendPass(contestant, { firstSeries: 0, series, timestampMs: startMs + pass * SCRAPE_MS });
  }
  console.log(
    `Flux with ${series} active series: ${mebibytes(residentBytes(pid))} resident, ` +
      `${mebibytes(peakResidentBytes(pid))} at most, ${mebibytes(idle)} at the start`,
  );
  await contestant.stop();
  await redis.stop();
}
