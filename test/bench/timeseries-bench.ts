import process from "node:process";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { buildTimeSeriesSink } from "../../services/horizon/build-sinks.ts";
import { SampleGroups } from "../../services/horizon/sample-groups.ts";
import { SeriesTable } from "../../services/horizon/series-table.ts";
import type { ClaimHold, Sink } from "../../services/horizon/sinks/sink.ts";
import type { Slice } from "../../services/horizon/slice.ts";
import { toWireLabels } from "../../services/horizon/wire-labels.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { ByteSpace } from "../../services/shared/byte-space.ts";
import { encodeLabels } from "../../services/shared/label-bytes.ts";
import { createLogger } from "../../services/shared/logger.ts";
import { settingsSchema } from "../../settings/schema.ts";
import { startRedis } from "../support/redis-server.ts";
import { cpuSeconds } from "./cpu-time.ts";
import { spreadOf } from "./spread.ts";

/*
 * CPU time of the RedisTimeSeries sink for a point that it writes, in Horizon's process and in Redis': where every point is
 * of a new minute, where it is a later one of the minute before, and in the first claim after a restart. Of each point
 * there are as many samples in a claim as --samples says, of which it is the newest.
 *
 *   npm run bench -- timeseries --series 100000 --samples 4 --rounds 5
 */

const { values } = parseArgs({
  options: {
    series: { type: "string", default: "100000" },
    samples: { type: "string", default: "1" },
    rounds: { type: "string", default: "5" },
  },
});
const count = Number(values.series);
const samples = Number(values.samples);
const rounds = Number(values.rounds);
const SLICE_SAMPLES = 20_000;
const START_MS = Date.UTC(2026, 0, 1, 12);

const server = await startRedis();
const redis = new Redis(server.url);
const settings = settingsSchema.parse({});
let nowMs = START_MS;
const startSink = () =>
  buildTimeSeriesSink(settings, server.url, redis, { logger: createLogger("bench", "warn"), now: () => nowMs });
const space = new ByteSpace(262_144);
const table = new SeriesTable();
const series = Int32Array.from({ length: count }, (_, i) => inventSeries(i));
const never = new AbortController().signal;

let sink: Sink = startSink();
await run("every series is created", 1, (minute) => [minute, 10_000]);
await run("a new minute", rounds, (minute) => [minute, 10_000]);
await run("an update of the minute before", rounds, (minute) => [minute - 1, 55_000]);
sink = startSink();
await run("the first claim after a restart", 1, (minute) => [minute, 10_000]);
redis.disconnect();
await server.stop();

/** Delivers claims of some samples of each series. @param at minute and offset of the first ones in the claim of a minute. */
async function run(name: string, claims: number, at: (minute: number) => [number, number]): Promise<void> {
  const own: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < claims; i++) {
    nowMs += 60_000;
    const [minute, offsetMs] = at(nowMs / 60_000);
    const slices = Array.from({ length: samples }, (_, pass) => inventSlices(minute * 60_000, offsetMs + pass)).flat();
    const [before, redisBefore] = [process.cpuUsage(), cpuSeconds(server.pid)];
    await deliver(slices);
    const { user, system } = process.cpuUsage(before);
    own.push((user + system) / count);
    theirs.push(((cpuSeconds(server.pid) - redisBefore) / count) * 1e6);
  }
  const show = (figures: readonly number[]) => {
    const { median, min, max } = spreadOf(figures);
    return `${median.toFixed(2)} µs (${min.toFixed(2)} to ${max.toFixed(2)})`;
  };
  console.log(`${name}: Horizon ${show(own)}, Redis ${show(theirs)} a point`);
}

async function deliver(slices: readonly Slice[]): Promise<void> {
  const hold: ClaimHold = {
    keys: shardKeys("", 0),
    claimedAtMs: nowMs,
    token: "bench:1",
    assertHeld: () => undefined,
    confirm: async () => undefined,
  };
  const delivery = await sink.begin(async () => undefined, never, hold);
  for (const slice of slices) {
    await delivery.write(slice, never);
  }
  await delivery.finish(never);
}

/** Scrape targets of 1000 series have their samples some milliseconds apart. */
function inventSlices(minuteMs: number, offsetMs: number): Slice[] {
  const slices: Slice[] = [];
  for (let from = 0; from < count; from += SLICE_SAMPLES) {
    const some = series.slice(from, from + SLICE_SAMPLES);
    slices.push({
      timestampsMs: Float64Array.from(some, (_, i) => minuteMs + offsetMs + Math.floor((from + i) / 1000)),
      valueBits: new BigUint64Array(Float64Array.from(some, () => Math.round(Math.random() * 1e6) / 100).buffer),
      groups: new SampleGroups({
        table,
        numbers: some,
        starts: Int32Array.from({ length: some.length + 1 }, (_, i) => i),
        ownerNumbers: new Int32Array(some.length),
        owners: [{ tenant: "bench", namespace: "bench" }],
      }),
      claimed: new Map(),
      skipped: new Map(),
    });
  }
  return slices;
}

function inventSeries(i: number): number {
  const labels = Array.from({ length: 9 }, (_, n) => ({ name: `label_${n}`, value: `value ${n} of ${i % 500}` }));
  const wireLabels = toWireLabels(encodeLabels([{ name: "__name__", value: `metric_${i % 1000}` }, ...labels]));
  return table.add(BigInt.asUintN(64, BigInt(i) * 0x9e3779b97f4a7c15n), space.keep(wireLabels ?? Buffer.alloc(0)));
}
