import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { after, before, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pickFreePort } from "../../services/local/ports.ts";
import { checkRedis } from "../../services/local/supervise/readiness.ts";
import { generationAt } from "../../services/shared/generation.ts";
import { createRig } from "../horizon/support/horizon-rig.ts";
import { createMetadataFiller } from "../horizon/support/metadata-filler.ts";
import { startRecordingReceiver } from "../horizon/support/recording-receiver.ts";
import { readMetricsFaults } from "../support/check-metrics.ts";
import { metricValue } from "../support/metric-value.ts";
import { part } from "../support/parts.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startServerProcess } from "../support/server-process.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let redisServer: RedisServer;
before(async () => {
  redisServer = await startRedis();
});
after(() => redisServer.stop());

interface Horizon {
  readonly child: ChildProcess;
  output(): string;
  exitCode(): Promise<number | null>;
  /** The address of its operations listener, once it is open. */
  adminUrl(): Promise<string>;
}

/** Runs main.ts with these settings and no others. */
function runHorizon(t: TestContext, settings: Readonly<Record<string, string>>): Horizon {
  const env = { HORIZON_ADMIN_PORT: "0", ...settings };
  const child = spawn(process.execPath, ["--import", "tsx", join(root, "services/horizon/main.ts")], {
    cwd: root,
    env,
  });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once("close", (code) => resolve(code));
  });
  const openLine = () => /"port":(\d+),"msg":"Operations listener is open"/.exec(output)?.[1];
  return {
    child,
    output: () => output,
    exitCode: () => exited,
    adminUrl: async () => {
      await until(() => openLine() !== undefined, { describe: () => output });
      return `http://127.0.0.1:${openLine()}`;
    },
  };
}

async function getJson(url: string): Promise<Record<string, unknown>> {
  const parsed: unknown = await (await fetch(url)).json();
  assert.ok(typeof parsed === "object" && parsed !== null);
  return { ...parsed };
}

const receiverUrl = "http://127.0.0.1:1";
const refusals: [name: string, settings: () => Record<string, string>, message: RegExp][] = [
  ["no Redis is named", () => ({ VICTORIAMETRICS_URL: receiverUrl }), /^cannot start Horizon: REDIS_URL is not set/m],
  [
    "no VictoriaMetrics is named",
    () => ({ REDIS_URL: redisServer.url }),
    /^cannot start Horizon: VICTORIAMETRICS_URL is not set/m,
  ],
  [
    "the buffer is in Skyline's format",
    () => ({ REDIS_URL: redisServer.url, VICTORIAMETRICS_URL: receiverUrl, BUFFER_FORMAT: "skyline" }),
    /^cannot start Horizon: BUFFER_FORMAT is skyline/m,
  ],
  ["a setting is wrong", () => ({ HORIZON_SHARDS: "0" }), /^cannot use HORIZON_SHARDS/m],
  [
    "a pattern does not compile",
    () => ({ REDIS_URL: redisServer.url, VICTORIAMETRICS_URL: receiverUrl, SKIP_LIST: '["a("]' }),
    /^cannot use SKIP_LIST: pattern 1/m,
  ],
];

for (const [name, settings, message] of refusals) {
  test(`Horizon does not start when ${name}, and says so in one line`, async (t) => {
    const horizon = runHorizon(t, settings());
    assert.equal(await horizon.exitCode(), 1);
    assert.match(horizon.output(), message);
    assert.equal(horizon.output().trim().split("\n").length, 1, horizon.output());
  });
}

test("Horizon does not start when its port is taken, and names the setting", async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(0, "127.0.0.1", resolve);
  });
  t.after(() => taken.close());
  const address = taken.address();
  const port = typeof address === "object" && address ? String(address.port) : "";
  const horizon = runHorizon(t, {
    REDIS_URL: redisServer.url,
    VICTORIAMETRICS_URL: receiverUrl,
    HORIZON_ADMIN_PORT: port,
  });
  assert.equal(await horizon.exitCode(), 1);
  assert.match(
    horizon.output(),
    new RegExp(`^cannot start Horizon: cannot listen on 127.0.0.1:${port}: .*HORIZON_ADMIN_PORT`, "m"),
  );
});

test("Horizon does not start on a Redis without the module, and names the setting", async (t) => {
  const { program } = await part("redis");
  const folder = createTempFolder();
  const port = await pickFreePort("127.0.0.1");
  const plain = await startServerProcess({
    name: "Redis without modules",
    program,
    args: ["--port", String(port), "--save", "", "--dir", folder.path],
    notReady: () => checkRedis("127.0.0.1", port),
    cleanUp: folder.remove,
  });
  t.after(() => plain.stop());
  const horizon = runHorizon(t, {
    REDIS_URL: redisServer.url,
    RTS_REDIS_URL: `redis://127.0.0.1:${port}`,
    VICTORIAMETRICS_URL: receiverUrl,
  });
  assert.equal(await horizon.exitCode(), 1);
  assert.match(
    horizon.output(),
    /^cannot use RTS_REDIS_URL \(redis:\/\/127\.0\.0\.1:\d+\): it has no RedisTimeSeries module/m,
  );
});

test("a running Horizon delivers, shows how it is, takes new settings and ends well", async (t) => {
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false });
  await rig.filler.write({ generation: generationAt(Date.now()), samples: [[{ __name__: "up" }, Date.now(), 1]] });
  const horizon = runHorizon(t, {
    REDIS_URL: redisServer.url.replace("//", "//default:@"),
    VICTORIAMETRICS_URL: receiver.url.replace("//", "//me:secret@"),
    REDIS_KEY_PREFIX: rig.prefix,
    HORIZON_INTERVAL_SECONDS: "0.2",
    VICTORIAMETRICS_SETTLE_SECONDS: "0",
    FLUX_SELF_API_KEY: "self-key-1",
  });
  const url = await horizon.adminUrl();
  await until(async () => (await fetch(`${url}/-/ready`)).status === 200);
  await until(async () => (await metricValue(`${url}/metrics`, "horizon_samples_written_total")) === 2);
  assert.equal(receiver.accepted().size, 1);
  const recent = await fetch(`${url}/api/v1/recent?match=up`, { headers: { key: "self-key-1" } });
  assert.match(await recent.text(), /^\{"status":"success",.*"__name__":"up".*"values":\[\[\d+,"1"\]\]/);
  assert.equal(await readMetricsFaults(`${url}/metrics`), "");

  const status = await getJson(`${url}/-/status`);
  assert.equal(status["service"], "horizon");
  assert.deepEqual(status["stores"], {
    buffer: redisServer.url,
    timeseries: redisServer.url,
    victoriametrics: receiver.url,
  });
  assert.deepEqual(status["pendingClaims"], { timeseries: 0, victoriametrics: 0 });

  const reload = await fetch(`${url}/-/reload`, { method: "POST" });
  assert.deepEqual(await reload.json(), { ok: true, needRestart: [] });
  horizon.child.kill("SIGHUP");
  await until(() => horizon.output().split("Settings reloaded").length === 3);

  receiver.answer = () => ({ status: 503 });
  await until(async () => (await fetch(`${url}/-/ready`)).status === 503);
  const detail = JSON.stringify((await getJson(`${url}/-/ready`))["detail"]);
  assert.match(detail, /"victoriametrics":"[^"]*answers 503/);
  assert.match(detail, /"timeseries":"up"/);

  horizon.child.kill("SIGTERM");
  assert.equal(await horizon.exitCode(), 0);
  assert.ok(!horizon.output().includes("secret"));
});

test("what was written is read with the keys that Flux has, which a reload takes up", async (t) => {
  const folder = createTempFolder();
  t.after(folder.remove);
  const file = join(folder.path, "flux.yml");
  writeFileSync(file, "FLUX_API_KEYS: { key-of-before: acme }");
  const horizon = runHorizon(t, {
    FLUX_SETTINGS: file,
    REDIS_URL: redisServer.url,
    VICTORIAMETRICS_URL: receiverUrl,
    RTS_ENABLED: "false",
  });
  const url = await horizon.adminUrl();
  const read = async (headers: Record<string, string>) =>
    (await fetch(`${url}/api/v1/recent?match=up`, { headers })).status;
  assert.equal(await read({}), 401);
  assert.equal(await read({ key: "key-of-after" }), 403);
  assert.equal(await read({ key: "key-of-before" }), 404, "RedisTimeSeries is turned off");
  writeFileSync(file, "FLUX_API_KEYS: { key-of-after: acme }");
  assert.equal((await fetch(`${url}/-/reload`, { method: "POST" })).status, 200);
  assert.equal(await read({ key: "key-of-before" }), 403);
  assert.equal(await read({ key: "key-of-after" }), 404);
});

test("metadata goes to the store after the samples, and holds up neither later samples nor the end", async (t) => {
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  const isMetadata = ({ metadata }: (typeof receiver.requests)[number]) => metadata.length > 0;
  receiver.answer = (request) => (isMetadata(request) ? "never" : { status: 204 });
  const rig = await createRig(t, { redisUrl: redisServer.url, timeseriesUrl: false });
  const writeMetadata = await createMetadataFiller(rig.redis, rig.prefix);
  await writeMetadata("acme", "s1", { familyName: "up", type: 2, help: "Whether it is up.", unit: "" });
  const write = (timestampMs: number) =>
    rig.filler.write({ generation: generationAt(Date.now()), samples: [[{ __name__: "up" }, timestampMs, 1]] });
  const now = Date.now();
  await write(now);
  const horizon = runHorizon(t, {
    REDIS_URL: redisServer.url,
    RTS_ENABLED: "false",
    VICTORIAMETRICS_URL: receiver.url,
    REDIS_KEY_PREFIX: rig.prefix,
    HORIZON_INTERVAL_SECONDS: "0.2",
    VICTORIAMETRICS_SETTLE_SECONDS: "0",
  });
  await until(() => receiver.requests.some(isMetadata), { describe: horizon.output });
  const [first] = receiver.requests.filter(({ series, metadata }) => series.length + metadata.length > 0);
  assert.equal(first?.series.length, 1);
  await write(now + 1);
  await until(() => [...receiver.accepted().values()].flat().length === 2, { describe: horizon.output });
  assert.equal(receiver.requests.filter(isMetadata).length, 1);
  horizon.child.kill("SIGTERM");
  assert.equal(await horizon.exitCode(), 0);
});

test("Horizon waits for stores that are not there yet", async (t) => {
  const own = await startRedis();
  t.after(() => own.stop());
  const receiver = await startRecordingReceiver();
  t.after(() => receiver.stop());
  await own.kill();
  const horizon = runHorizon(t, {
    REDIS_URL: own.url,
    VICTORIAMETRICS_URL: receiver.url,
    HORIZON_INTERVAL_SECONDS: "0.2",
    // A lease whose confirmation is lost while Redis starts is waited for: not longer than the test does.
    HORIZON_LEASE_SECONDS: "2",
    VICTORIAMETRICS_SETTLE_SECONDS: "0",
  });
  const url = await horizon.adminUrl();
  const answer = await fetch(`${url}/-/ready`);
  assert.equal(answer.status, 503);
  assert.equal((await fetch(`${url}/-/healthy`)).status, 200);
  await own.restart();
  await until(async () => (await fetch(`${url}/-/ready`)).status === 200, { describe: horizon.output });
  const { filler } = await createRig(t, { redisUrl: own.url, timeseriesUrl: false, prefix: "" });
  await filler.write({ generation: generationAt(Date.now()), samples: [[{ __name__: "up" }, Date.now(), 1]] });
  await until(() => receiver.accepted().size === 1, { timeoutMs: 40_000, describe: horizon.output });
  horizon.child.kill("SIGTERM");
  assert.equal(await horizon.exitCode(), 0);
});
