import { startRedis } from "../support/redis-server.ts";
import { peakResidentBytes, residentBytes } from "../support/resident-bytes.ts";
import { spawnService } from "../support/service.ts";
import { wordsOfUndelivered } from "../support/undelivered.ts";
import { untilNothingIsMissing } from "../support/until.ts";
import { startFluxContestant } from "./flux-contestant.ts";
import { mebibytes } from "./mebibytes.ts";
import { SERIES } from "./payload.ts";
import { sendPass } from "./send-pass.ts";
import { startSink } from "./sink.ts";

const CYCLE_MS = 60_000;
const DELIVERY_TIMEOUT_MS = 600_000;

/**
 * Prints how much memory a Horizon takes that finds so many samples of 200 000 series in one minute's claim, and writes
 * them to RedisTimeSeries and to a remote-write receiver that takes everything at once.
 */
export async function measureHorizon(samples: number): Promise<void> {
  const [buffer, timeSeries] = [await startRedis(), await startRedis()];
  const passes = Math.ceil(samples / SERIES);
  const flux = await startFluxContestant(buffer.url);
  const minuteMs = Math.floor(Date.now() / CYCLE_MS) * CYCLE_MS;
  for (let pass = 0; pass < passes; pass++) {
    const timestampMs = minuteMs + Math.floor((pass * CYCLE_MS) / passes);
    await sendPass(flux, { firstSeries: 0, series: SERIES, timestampMs });
  }
  await flux.stop();
  const receiver = await startSink();
  const horizon = await spawnService("horizon", {
    ...{ REDIS_URL: buffer.url, RTS_REDIS_URL: timeSeries.url, VICTORIAMETRICS_URL: receiver.url },
    ...{ VICTORIAMETRICS_SETTLE_SECONDS: "0", LOG_LEVEL: "warn" },
  });
  const startMs = Date.now();
  await untilNothingIsMissing(() => wordsOfUndelivered(buffer.url), DELIVERY_TIMEOUT_MS);
  const seconds = (Date.now() - startMs) / 1000;
  console.log(
    `Horizon with ${SERIES} series and ${passes * SERIES} samples in a claim: ${mebibytes(peakResidentBytes(horizon.pid))} ` +
      `resident at most, ${mebibytes(residentBytes(horizon.pid))} afterwards; delivered in ${seconds.toFixed(0)} s`,
  );
  for (const server of [horizon, receiver, buffer, timeSeries]) {
    await server.stop();
  }
}
