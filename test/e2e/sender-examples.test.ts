import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { WRITE_PATHS } from "../../services/flux/dialects/choose-dialect.ts";
import { pickFreePort } from "../../services/local/ports.ts";
import { checkHttp } from "../../services/local/supervise/readiness.ts";
import { fencedBlocks } from "../support/fenced-blocks.ts";
import { metricValue } from "../support/metric-value.ts";
import { type MetricsTarget, startMetricsTarget } from "../support/metrics-target.ts";
import { part } from "../support/parts.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startServerProcess } from "../support/server-process.ts";
import { type ServiceProcess, spawnService } from "../support/service.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { untilNothingIsMissing } from "../support/until.ts";
import { writeRequestBody } from "../support/write-request.ts";

/*
 * The examples of docs/senders.md, as they stand there: only the address and the key are put in. Senders that are not
 * at hand are not run; the page says so.
 */

const KEY = "self-key-of-the-test";
const runFile = promisify(execFile);
const page = readFileSync(new URL("../../docs/senders.md", import.meta.url), "utf8");
const blocks = fencedBlocks(page);

const collector = z.object({
  exporters: z.object({
    prometheusremotewrite: z.object({ endpoint: z.string(), headers: z.record(z.string(), z.string()) }),
  }),
});

/** The one example below a heading that holds a word. */
function example(section: string, word: string): string {
  const found = blocks.filter((block) => block.section === section && block.text.includes(word));
  assert.equal(found.length, 1, `examples below "${section}" with ${word}`);
  return found[0]?.text ?? "";
}

/** How an example is run. */
interface SenderRun {
  /** What it names, wherever that is here. */
  readonly program: string;
  /** Answers when it runs. */
  readonly readyUrl: string;
  /** What keeps it apart from other programs of this machine. */
  readonly flags: readonly string[];
  /** What must become of its samples. */
  readonly outcomes: readonly ("stored" | "dropped")[];
  readonly whenReady?: () => Promise<unknown>;
}

describe("the examples of docs/senders.md", () => {
  const folder = createTempFolder();
  let redis: RedisServer;
  let flux: ServiceProcess;
  let target: MetricsTarget;
  let jobs: string;

  before(async () => {
    redis = await startRedis();
    const settings = join(folder.path, "flux.yml");
    writeFileSync(settings, example("Debian's Prometheus, and whatever sends no headers", "FLUX_API_KEYS"));
    flux = await spawnService("flux", { REDIS_URL: redis.url, FLUX_SELF_API_KEY: KEY, FLUX_SETTINGS: settings });
    target = await startMetricsTarget("up_to_date 1\ngo_goroutines 1\n");
    jobs = stringify({
      scrape_configs: [{ job_name: "node", scrape_interval: "1s", static_configs: [{ targets: [target.target] }] }],
    });
    writeFileSync(join(folder.path, "scrape.yml"), jobs);
  });
  after(async () => {
    await target?.stop();
    await flux?.stop();
    await redis?.stop();
    folder.remove();
  });

  /** An example with this test's address and key. */
  const filledIn = (text: string) => {
    const filled = text.replaceAll("http://127.0.0.1:8000", flux.intakeUrl).replaceAll("<key>", KEY);
    assert.notEqual(filled, text);
    return filled;
  };
  const total = (name: string) => metricValue(`${flux.adminUrl}/metrics`, `flux_samples_${name}_total`);
  /**
   * Runs the command of an example in the test's folder until more than before has come of it.
   * @param text the command, with address and key.
   */
  const runExample = async (text: string, run: SenderRun) => {
    const before = await Promise.all(run.outcomes.map(total));
    const sender = await startServerProcess({
      name: "the example",
      program: "/bin/sh",
      args: ["-c", `cd "$0" && exec env ${text.trimEnd()} "$@"`, folder.path, ...run.flags],
      env: { ...process.env, PATH: `${dirname(run.program)}:${process.env["PATH"] ?? ""}` },
      notReady: () => checkHttp(run.readyUrl),
    });
    try {
      await run.whenReady?.();
      await untilNothingIsMissing(async () => {
        const now = await Promise.all(run.outcomes.map(total));
        const missing = run.outcomes.filter((_, i) => (now[i] ?? 0) <= (before[i] ?? 0));
        return missing.length === 0 ? undefined : `nothing is ${missing.join(", ")}: ${sender.logs().slice(-2000)}`;
      }, 30_000);
      assert.equal(await total("refused"), 0);
    } finally {
      await sender.stop();
    }
  };

  for (const { section, language, text } of blocks.filter(({ text }) => text.startsWith("remote_write:"))) {
    test(`promtool takes the ${language} of "${section}": ${text.split("\n")[2]?.trim()}`, async () => {
      const file = join(folder.path, "checked.yml");
      writeFileSync(file, text);
      const { program } = await part("promtool");
      const { stdout } = await runFile(program, ["check", "config", "--syntax-only", file]);
      assert.match(stdout, /SUCCESS/);
    });
  }

  test("the collector's endpoint is a path that Flux has", () => {
    const config = collector.parse(parse(example("OpenTelemetry Collector", "exporters:")));
    const { pathname } = new URL(config.exporters.prometheusremotewrite.endpoint);
    assert.ok(
      WRITE_PATHS.some((path) => path === pathname),
      pathname,
    );
    const headers = Object.keys(config.exporters.prometheusremotewrite.headers);
    assert.deepEqual(headers, ["key", "x-tenant-id", "x-server-id", "dropMetrics"]);
  });

  test("Prometheus writes in agent mode, with a key that implies the rest", async () => {
    const { program } = await part("prometheus");
    const address = `127.0.0.1:${await pickFreePort("127.0.0.1")}`;
    const config = filledIn(example("Debian's Prometheus, and whatever sends no headers", "remote_write:"));
    writeFileSync(join(folder.path, "prometheus.yml"), config + jobs);
    await runExample(example("Agent mode", "--enable-feature=agent"), {
      program,
      readyUrl: `http://${address}/-/ready`,
      flags: [`--web.listen-address=${address}`],
      outcomes: ["stored", "dropped"],
    });
  });

  test("vmagent writes with headers", async () => {
    const { program } = await part("vmagent");
    const address = `127.0.0.1:${await pickFreePort("127.0.0.1")}`;
    await runExample(filledIn(example("vmagent", "-remoteWrite.headers")), {
      program,
      readyUrl: `http://${address}/health`,
      flags: [`-httpListenAddr=${address}`],
      outcomes: ["stored", "dropped"],
    });
  });

  test("remote_storage_adapter writes as to InfluxDB 1.x", async () => {
    const { program } = await part("remote-storage-adapter");
    const address = `127.0.0.1:${await pickFreePort("127.0.0.1")}`;
    const samples = [{ timestampMs: Date.now(), value: 1 }];
    const body = new Uint8Array(writeRequestBody([{ labels: { __name__: "up" }, samples }]));
    await runExample(filledIn(example("remote_storage_adapter", "INFLUXDB_PW")), {
      program,
      readyUrl: `http://${address}/metrics`,
      flags: [`--web.listen-address=${address}`],
      outcomes: ["stored"],
      whenReady: () => fetch(`http://${address}/write`, { method: "POST", body }),
    });
  });

  const requests: readonly [section: string, word: string, answer: RegExp][] = [
    ["First, with curl", "status=", /^\{"status":"ok"\}\n200$/],
    ["First, with curl", "x-test-only", /"ingest_count":1,.*\n200$/],
    ["JSON", "curl", /^\n204$/],
    ["InfluxDB clients, curl with line protocol", "curl", /^\n204$/],
  ];
  for (const [section, word, answer] of requests) {
    test(`curl is answered as "${section}" says, with ${word}`, async () => {
      writeFileSync(join(folder.path, ".curlrc"), 'silent\nshow-error\nwrite-out = "\\n%{http_code}"\n');
      const env = { ...process.env, CURL_HOME: folder.path };
      const { stdout } = await runFile("/bin/sh", ["-c", filledIn(example(section, word))], { env });
      assert.match(stdout, answer);
    });
  }
});
