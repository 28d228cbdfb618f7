import assert from "node:assert/strict";
import { test } from "node:test";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { MetricReporter } from "../../../services/flux/workers/metric-report.ts";
import { SummedMetrics } from "../../../services/flux/workers/summed-metrics.ts";
import { addProcessMetrics } from "../../../services/shared/process-metrics.ts";

/** A worker's own metrics, and the way in which the primary hears of them. */
function openWorker(summed: SummedMetrics, worker: number) {
  const registry = new Registry();
  const registers = [registry];
  const reporter = new MetricReporter(registry);
  return {
    registry,
    samples: new Counter({ name: "samples_total", help: "h", labelNames: ["tenant"], registers }),
    duration: new Histogram({ name: "seconds", help: "h", buckets: [1, 2], labelNames: ["route"], registers }),
    open: new Gauge({ name: "open", help: "h", registers }),
    expiry: new Gauge({ name: "expiry", help: "h", registers, aggregator: "min" }),
    /** By the same way as between processes: as a copy. */
    report: () => reporter.report(async (report) => summed.take(worker, structuredClone(report))),
  };
}

/** Everything that the primary shows, without comments. */
async function shown(summed: SummedMetrics, own = new Registry()): Promise<string[]> {
  const text = await (await summed.read(own)).metrics();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("counters and histograms of workers are added up, by their labels", async () => {
  const summed = new SummedMetrics();
  const [one, two] = [openWorker(summed, 1), openWorker(summed, 2)];
  one.samples.inc({ tenant: "a" }, 3);
  two.samples.inc({ tenant: "a" }, 4);
  two.samples.inc({ tenant: "b" }, 0);
  one.duration.observe({ route: "w" }, 0.5);
  two.duration.observe({ route: "w" }, 1.5);
  await Promise.all([one.report(), two.report()]);
  const lines = await shown(summed);
  for (const line of [
    'samples_total{tenant="a"} 7',
    'samples_total{tenant="b"} 0',
    'seconds_bucket{le="1",route="w"} 1',
    'seconds_bucket{le="2",route="w"} 2',
    'seconds_bucket{le="+Inf",route="w"} 2',
    'seconds_sum{route="w"} 2',
    'seconds_count{route="w"} 2',
  ]) {
    assert.ok(lines.includes(line), `${line} in ${lines.join("\n")}`);
  }
});

test("a report tells what has changed, and what is new, and nothing else", async () => {
  const registry = new Registry();
  const counter = new Counter({ name: "c_total", help: "h", labelNames: ["tenant"], registers: [registry] });
  const reporter = new MetricReporter(registry);
  const report = async () => {
    let said: unknown;
    await reporter.report(async (changes) => {
      said = structuredClone(changes);
    });
    return said;
  };
  counter.inc({ tenant: "a" }, 1);
  counter.inc({ tenant: "b" }, 1);
  const first = [
    { labels: { tenant: "a" }, value: 1 },
    { labels: { tenant: "b" }, value: 1 },
  ];
  assert.deepEqual(await report(), [
    { whole: { name: "c_total", help: "h", type: "counter", aggregator: "sum", values: first } },
  ]);
  assert.deepEqual(await report(), []);
  counter.inc({ tenant: "b" }, 5);
  counter.inc({ tenant: "c" }, 2);
  const added = [{ labels: { tenant: "c" }, value: 2 }];
  assert.deepEqual(await report(), [{ name: "c_total", changed: [[1, 6]], added }]);
});

test("the sums follow changes, new labels, and gauges whose values go away", async () => {
  const summed = new SummedMetrics();
  const one = openWorker(summed, 1);
  one.samples.inc({ tenant: "a" }, 1);
  one.open.set(2);
  await one.report();
  one.samples.inc({ tenant: "b" }, 5);
  one.samples.inc({ tenant: "a" }, 1);
  one.open.remove();
  await one.report();
  const lines = await shown(summed);
  assert.ok(lines.includes('samples_total{tenant="a"} 2'));
  assert.ok(lines.includes('samples_total{tenant="b"} 5'));
  assert.ok(!lines.some((line) => line.startsWith("open")));
});

test("what a worker counted stays when it ends, is added to its successor's, and its gauges go", async () => {
  const summed = new SummedMetrics();
  const [one, two] = [openWorker(summed, 1), openWorker(summed, 2)];
  for (const { samples, open, duration } of [one, two]) {
    samples.inc({ tenant: "a" }, 10);
    open.set(5);
    duration.observe({ route: "w" }, 0.5);
  }
  await Promise.all([one.report(), two.report()]);
  summed.retire(1);
  const without = await shown(summed);
  assert.ok(without.includes('samples_total{tenant="a"} 20'));
  assert.ok(without.includes('seconds_count{route="w"} 2'));
  assert.ok(without.includes("open 5"));
  assert.equal(summed.totalOf(1, "samples_total"), 0);

  const next = openWorker(summed, 1);
  next.samples.inc({ tenant: "a" }, 1);
  await next.report();
  assert.ok((await shown(summed)).includes('samples_total{tenant="a"} 21'));
  assert.equal(summed.totalOf(1, "samples_total"), 1);
  summed.retire(1);
  summed.retire(2);
  assert.ok((await shown(summed)).includes('samples_total{tenant="a"} 21'));
});

test("gauges are added up, unless they say that they are something else", async () => {
  const summed = new SummedMetrics();
  for (const [worker, expiry] of [
    [1, 300],
    [2, 200],
  ] as const) {
    const opened = openWorker(summed, worker);
    opened.open.set(worker);
    opened.expiry.set(expiry);
    await opened.report();
  }
  const lines = await shown(summed);
  assert.ok(lines.includes("open 3"));
  assert.ok(lines.includes("expiry 200"));
});

test("what is of a process as such stands there for each worker and the primary", async () => {
  const summed = new SummedMetrics();
  const own = new Registry();
  const workers = [openWorker(summed, 1), openWorker(summed, 2)];
  for (const registry of [own, ...workers.map((worker) => worker.registry)]) {
    addProcessMetrics(registry);
  }
  await Promise.all(workers.map((worker) => worker.report()));
  const lines = await shown(summed, own);
  const of = (name: string) => lines.filter((line) => line.startsWith(`${name}{`)).map((line) => line.split(" ")[0]);
  for (const name of ["process_cpu_seconds_total", "process_start_time_seconds", "nodejs_eventloop_lag_p99_seconds"]) {
    const all = ["1", "2", "primary"].map((worker) => `${name}{worker="${worker}"}`);
    assert.deepEqual(of(name).sort(), all);
  }
});
