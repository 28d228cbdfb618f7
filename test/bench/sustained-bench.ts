import process from "node:process";
import { parseArgs } from "node:util";
import { peakResidentBytes } from "../support/resident-bytes.ts";
import { cpuSeconds } from "./cpu-time.ts";
import { watchCycles } from "./cycle-watch.ts";
import { mebibytes } from "./mebibytes.ts";
import { spreadOf } from "./spread.ts";
import { sendSteadily } from "./steady-sender.ts";
import { timeSeriesSampleCount, victoriaSampleCount } from "./stored-counts.ts";
import { startWholePath } from "./whole-path.ts";

/*
 * The whole path on one machine, stores and sender included, at a rate that lasts: whether everything that Flux has answered is
 * in both stores afterwards, and whether Horizon's cycles are shorter than its interval of 60 seconds. Ends with 1 where
 * not.
 *
 *   npm run bench -- sustained --rate 100000 --minutes 10
 */

const INTERVAL_SECONDS = 60;
const DELIVERY_TIMEOUT_MS = 600_000;
/** VictoriaMetrics is asked about this much more than the run: it counts from now. */
const MARGIN_SECONDS = 3600;
const VICTORIA_ARGS = ["-search.maxQueryDuration=10m", "-search.maxUniqueTimeseries=3000000"];

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "20000" },
    minutes: { type: "string", default: "2" },
    series: { type: "string", default: "200000" },
  },
  allowPositionals: true,
});
const seconds = Number(values.minutes) * 60;
const path = await startWholePath({
  settings: { HORIZON_INTERVAL_SECONDS: String(INTERVAL_SECONDS) },
  victoriaArgs: VICTORIA_ARGS,
});
const watch = watchCycles(path.horizon.adminUrl);
const rate = { series: Number(values.series), samplesPerSecond: Number(values.rate), seconds };
const sent = await sendSteadily(path.flux.writeUrl, rate);
console.log(
  `sent ${sent.samples} samples of ${values.series} series at ${values.rate} samples a second for ${values.minutes} minutes: ` +
    `${sent.retries} requests sent again, the last one answered ${Math.max(0, sent.lateMs)} ms late`,
);
await path.untilDelivered(DELIVERY_TIMEOUT_MS);
const cycles = spreadOf(await watch.stop());
console.log(
  `Horizon's cycles: median ${cycles.median.toFixed(1)} s, longest ${cycles.max.toFixed(1)} s of ${INTERVAL_SECONDS} s`,
);
const programs = {
  ...{ Flux: path.flux.flux, Horizon: path.horizon, "buffer's Redis": path.buffer },
  ...{ RedisTimeSeries: path.timeSeries, VictoriaMetrics: path.victoria },
};
for (const [name, { pid }] of Object.entries(programs)) {
  const microseconds = (cpuSeconds(pid) * 1e6) / sent.samples;
  console.log(
    `${name}: ${microseconds.toFixed(2)} µs of CPU a sample, ${mebibytes(peakResidentBytes(pid))} resident at most`,
  );
}
const inVictoria = await victoriaSampleCount(path.victoria, seconds + MARGIN_SECONDS);
const inTimeSeries = await timeSeriesSampleCount(path.timeSeries.url);
await path.stop();
console.log(
  `VictoriaMetrics holds ${inVictoria} of ${sent.samples} samples, ` +
    `RedisTimeSeries ${inTimeSeries} of ${sent.seriesMinutes}: the newest of each series and minute`,
);
const isWhole = inVictoria === sent.samples && inTimeSeries === sent.seriesMinutes;
console.log(isWhole ? "nothing is lost" : "NOT ALL IS THERE");
process.exitCode = isWhole && cycles.max < INTERVAL_SECONDS ? 0 : 1;
