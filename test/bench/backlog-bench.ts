import { parseArgs } from "node:util";
import { writeBacklog } from "../horizon/support/backlog.ts";
import { metricValue } from "../support/metric-value.ts";
import { startRedis } from "../support/redis-server.ts";
import { peakResidentBytes } from "../support/resident-bytes.ts";
import { spawnService } from "../support/service.ts";
import { until } from "../support/until.ts";
import { startSink } from "./sink.ts";

/*
 * How much memory a Horizon takes, and how fast it is, while it delivers a backlog to a remote-write receiver that takes
 * everything at once, and with `--timeseries` to RedisTimeSeries as well. One claim holds everything with `--claims 1`.
 *
 *   npm run bench -- backlog --megabytes 400 --claims 10 --series 200000 --slice-blocks 1000 --timeseries
 */

const MIB = 1024 * 1024;
const DRAIN_TIMEOUT_MS = 1_800_000;

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "400" },
    claims: { type: "string", default: "10" },
    series: { type: "string", default: "200000" },
    "slice-blocks": { type: "string", default: "1000" },
    timeseries: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const receiver = await startSink();
// What is on its disk is no matter here, and syncing it would take most of the time that filling it takes.
const redis = await startRedis({ args: ["--appendonly", "no", "--save", ""] });
const spec = { bytes: Number(values.megabytes) * MIB, claims: Number(values.claims), series: Number(values.series) };
const { samples, bytes } = await writeBacklog(redis.url, spec);
console.log(`${samples} samples of ${spec.series} series wait in ${spec.claims} claims of ${toMib(bytes)} MiB`);

const horizon = await spawnService("horizon", {
  REDIS_URL: redis.url,
  RTS_ENABLED: String(values.timeseries),
  VICTORIAMETRICS_URL: receiver.url,
  VICTORIAMETRICS_SETTLE_SECONDS: "0",
  HORIZON_INTERVAL_SECONDS: "10",
  HORIZON_SLICE_BLOCKS: values["slice-blocks"],
  LOG_LEVEL: "warn",
});
const idleBytes = peakResidentBytes(horizon.pid);
const startMs = Date.now();
const settled = async (sink: string) => {
  const claimed = await metricValue(`${horizon.adminUrl}/metrics`, "horizon_samples_claimed_total", `sink="${sink}"`);
  return claimed === samples;
};
await until(async () => (await settled("victoriametrics")) && (!values.timeseries || (await settled("timeseries"))), {
  timeoutMs: DRAIN_TIMEOUT_MS,
});
const seconds = (Date.now() - startMs) / 1000;
console.log(
  `drained in ${seconds.toFixed(0)} s, ${Math.round(samples / seconds)} samples a second; ` +
    `resident ${toMib(idleBytes)} MiB at the start, ${toMib(peakResidentBytes(horizon.pid))} MiB at most`,
);
await horizon.stop();
await redis.stop();
await receiver.stop();

function toMib(count: number): string {
  return (count / MIB).toFixed(0);
}
