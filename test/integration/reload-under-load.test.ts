import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { bufferedSamples } from "../flux/support/buffer-contents.ts";
import { type LiveFlux, openLiveFlux } from "../flux/support/live-flux.ts";
import { openRaw, writeHead } from "../flux/support/raw-connection.ts";
import { send } from "../flux/support/two-tenants.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";
import { writeRequestBody } from "../support/write-request.ts";

/*
 * Rules that are reloaded while senders go on, over connections that stay open: from the moment at which the reload is
 * answered, no request that begins is judged by the old ones, and every request by one set of rules alone.
 */

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.stop());

const KEY = "key-of-the-test";
const SENDER = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
const NAMES = ["a", "b"] as const;
const FIRST_MS = 1_700_000_000_000;

/** Of every reload, the next one of the two series is dropped. */
const dropping = (reloads: number) => NAMES[reloads % 2] ?? "a";
const settingsOf = (reloads: number) => ({
  FLUX_SELF_API_KEY: KEY,
  FLUX_TENANTS: JSON.stringify({ acme: { dropMetrics: [`^${dropping(reloads)}`] } }),
});
const bodyAt = (timestampMs: number) =>
  writeRequestBody(NAMES.map((name) => ({ labels: { __name__: name }, samples: [{ timestampMs, value: 1 }] })));

async function start(t: TestContext): Promise<LiveFlux> {
  const flux = await openLiveFlux(server.url, settingsOf(0));
  t.after(() => flux.close());
  return flux;
}

async function reload(flux: LiveFlux, reloads: number): Promise<void> {
  flux.environment = settingsOf(reloads);
  assert.equal((await send(flux.adminUrl, { path: "/-/reload" })).status, 200);
}

/** The names of the series that are stored, by the time of their samples. */
async function storedNames(flux: LiveFlux): Promise<Map<number, string[]>> {
  const names = new Map<number, string[]>();
  for (const { series, timestampMs } of await bufferedSamples(flux.redis, flux.prefix)) {
    names.set(timestampMs, [...(names.get(timestampMs) ?? []), series.split("{")[0] ?? ""]);
  }
  return names;
}

test("no request that begins after a reload was answered is judged by old rules, whatever else is under way", async (t) => {
  const flux = await start(t);
  /** How many reloads were asked for and answered. */
  const done = { begun: 0, answered: 0 };
  const sent: { timestampMs: number; earliest: number; latest: number }[] = [];
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      const one = { timestampMs: FIRST_MS + sent.length, earliest: done.answered, latest: 0 };
      sent.push(one);
      const body = bodyAt(one.timestampMs);
      const heard = await send(flux.intakeUrl, { path: "/prometheus/write", headers: SENDER, body });
      assert.equal(heard.status, 204, heard.text);
      one.latest = done.begun;
    }
  };
  const running = Promise.all(Array.from({ length: 8 }, run));
  const reloading = async () => {
    for (let reloads = 1; reloads <= 30; reloads++) {
      const before = sent.length;
      done.begun = reloads;
      await reload(flux, reloads);
      done.answered = reloads;
      await until(() => sent.length >= before + 10);
    }
  };
  await Promise.race([reloading(), running]).finally(() => stopping.abort());
  await running;

  const stored = await storedNames(flux);
  let certain = 0;
  for (const { timestampMs, earliest, latest } of sent) {
    const rules = Array.from({ length: latest - earliest + 1 }, (_, i) => dropping(earliest + i));
    const names = stored.get(timestampMs) ?? [];
    assert.equal(names.length, 1, `${names}: judged by neither, or by both`);
    assert.ok(rules.includes(names[0] === "a" ? "b" : "a"), `${names} is stored under ${earliest} to ${latest}`);
    certain += rules.length === 1 ? 1 : 0;
  }
  assert.ok(certain > 30, `only ${certain} requests met one set of rules alone`);
});

test("a request that began before goes on under its own rules, and leaves nothing of them to its connection or others", async (t) => {
  const flux = await start(t);
  const begun = await Promise.all(
    Array.from({ length: 5 }, async (_, i) => {
      const body = bodyAt(FIRST_MS + i);
      const raw = await openRaw(flux.intakePort, writeHead({ ...SENDER, "content-length": body.length }));
      t.after(() => raw.socket.destroy());
      return { ...raw, body };
    }),
  );
  const bytes = begun.reduce((sum, { body }) => sum + body.length, 0);
  await until(() => flux.heldBytes() >= bytes);
  await reload(flux, 1);
  for (const [i, { socket, body, receive }] of begun.entries()) {
    socket.write(body);
    await receive(/^HTTP\/1.1 204 .*\r\n\r\n/s);
    // The next one on the same connection, with the same words in its headers.
    const next = bodyAt(FIRST_MS + 100 + i);
    socket.write(writeHead({ ...SENDER, "content-length": next.length }));
    socket.write(next);
    await receive(/204 .*HTTP\/1.1 204 .*\r\n\r\n/s);
  }
  const stored = await storedNames(flux);
  for (let i = 0; i < begun.length; i++) {
    assert.deepEqual(stored.get(FIRST_MS + i), ["b"], "by the rules that it began with");
    assert.deepEqual(stored.get(FIRST_MS + 100 + i), ["a"], "by the new ones");
  }
});
