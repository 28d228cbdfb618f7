import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { InfluxDB, Point } from "@influxdata/influxdb-client";
import { InfluxDB as InfluxDbV1 } from "influx";
import type { KeptSamples } from "../../../services/flux/intake/intake.ts";
import { decodeRecord } from "../../../services/shared/registry-record.ts";
import { formatSeriesName } from "../../../services/shared/series.ts";
import { numberOf } from "../../support/special-values.ts";
import { buildTestApp, KEY } from "../support/test-app.ts";

/** An intake, and what would have been stored, as `series value@ms`. */
function recordingApp(settings: Record<string, string> = {}) {
  const stored: string[] = [];
  const commit = async ({ series, known, timestampsMs, valueBits }: KeptSamples) => {
    for (const [i, one] of series.entries()) {
      const name = formatSeriesName(decodeRecord(known.recordOf(one))?.labels ?? []);
      stored.push(`${name} ${numberOf(valueBits[i] ?? 0n)}@${timestampsMs[i]}`);
    }
    return { ok: true, registeredSeries: 0, blockBytes: 0 } as const;
  };
  return { ...buildTestApp({ commit, settings }), stored };
}

async function post(url: string, payload: string | Buffer, headers: Record<string, string> = {}) {
  const { app, registry, stored } = recordingApp();
  const answer = await app.inject({ method: "POST", url, headers, payload });
  return { status: answer.statusCode, headers: answer.headers, text: answer.body, stored, registry };
}

const sender = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
const OWNED = '_tenant_id="acme",_server_id="1"';

describe("line protocol", () => {
  test("is taken at every path, and at Prometheus' own where ?db= says so", async () => {
    const paths = ["/write", "/influx/write", "/api/v2/write", "/flux/prometheus/api/v2/write", "/influx/api/v2/write"];
    for (const url of [...paths, "/prometheus/write?db=x", "/flux/prometheus/write?db=x"]) {
      const { status, stored, text } = await post(url, "cpu,host=a value=1 1700000000000000000", sender);
      assert.equal(status, 204, `${url}: ${text}`);
      assert.deepEqual(stored, [`cpu{${OWNED},host="a"} 1@1700000000000`]);
    }
  });

  test("names its sender in the path, the query, the user name, or by the key alone", async () => {
    const basic = (user: string) => ({ authorization: `Basic ${Buffer.from(`${user}:${KEY}`).toString("base64")}` });
    const ways: [url: string, headers: Record<string, string>][] = [
      ["/t/acme/s/1/write", { key: KEY }],
      ["/write?x-tenant-id=acme&x-server-id=1", { authorization: `Token ${KEY}` }],
      ["/write?db=prometheus", basic("acme/1")],
      ["/api/v2/write?org=acme&bucket=metrics/1", { authorization: `Token ${KEY}` }],
    ];
    for (const [url, headers] of ways) {
      const { status, stored, text } = await post(url, "up value=1 1", headers);
      assert.equal(status, 204, `${url}: ${text}`);
      assert.match(stored[0] ?? "", new RegExp(OWNED), url);
    }
  });

  test("may come with an empty Content-Type, as remote_storage_adapter sends it", async () => {
    const { status, stored, text } = await post("/write", "up value=1 1", { ...sender, "content-type": "" });
    assert.equal(status, 204, text);
    assert.equal(stored.length, 1);
  });

  test("goes through the same rules as remote-write", async () => {
    const body = "go_threads value=1 1\nup,pod=x value=1 1";
    const { stored } = await post("/write?dropMetrics=^go_&dropLabels=pod", body, sender);
    assert.deepEqual(stored, [`up{${OWNED}} 1@0`]);
  });

  test("that is wrong in a line is stored but for that line, which the answer names, in either dialect", async () => {
    const body = gzipSync("good value=1 1000000\nbad\nalso_good value=2 2000000\n");
    for (const [url, member] of [
      ["/write", "error"],
      ["/api/v2/write", "message"],
    ] as const) {
      const { status, headers, text, stored, registry } = await post(url, body, {
        ...sender,
        "content-encoding": "gzip",
      });
      assert.equal(status, 400);
      assert.match(JSON.parse(text)[member], /^partial write: unable to parse 'bad': .*line 2/);
      assert.equal(typeof headers["x-influxdb-version"], "string");
      assert.equal(stored.length, 2);
      const metrics = await registry.metrics();
      assert.match(metrics, /flux_samples_received_total{tenant="acme"} 3/);
      assert.match(metrics, /flux_samples_refused_total{tenant="acme",reason="unreadable"} 1/);
    }
  });

  test("counts what it leaves out although nothing is wrong: strings, and tags whose names come out the same", async () => {
    const body = 'm,a-b=1,a.b=2 value=1,text="no number",other="nor this" 1';
    const { status, registry, stored } = await post("/write", body, sender);
    assert.equal(status, 204);
    assert.deepEqual(stored, [`m{${OWNED},a_b="1;2"} 1@0`]);
    const metrics = await registry.metrics();
    assert.match(metrics, /flux_influx_string_fields_skipped_total{tenant="acme"} 2/);
    assert.match(metrics, /flux_influx_tags_joined_total{tenant="acme"} 1/);
  });

  test("keeps series apart whose lines are the same to the byte but mean something else, seen before or not", async () => {
    const { app, stored } = recordingApp({ INFLUX_DB_PREFIX: "db_unless_prometheus" });
    const ways: readonly (readonly [url: string, agent: string, series: string])[] = [
      ["/write?db=prometheus&precision=ms", "curl", `http_requests{${OWNED},le_x="1"}`],
      ["/write?db=tele&precision=ms", "curl", `tele_http_requests{${OWNED},le_x="1"}`],
      ["/write?db=prometheus&rp=&consistency=&precision=ms", "InfluxDBClient", `http.requests{${OWNED},le.x="1"}`],
      ["/write?db=tele&rp=&consistency=&precision=ms", "InfluxDBClient", `tele_http.requests{${OWNED},le.x="1"}`],
    ];
    for (let round = 1; round <= 2; round++) {
      for (const [url, agent, series] of ways) {
        const payload = `http.requests,le.x=1 value=${round} 5\n`;
        await app.inject({ method: "POST", url, headers: { ...sender, "user-agent": agent }, payload });
        assert.equal(stored.pop(), `${series} ${round}@5`);
      }
    }
  });

  test("of two tags or fields in another order, and of a line that is not plain, is the same series", async () => {
    const { app, stored } = recordingApp();
    const payload = "m,a=1,b=2 v=1 1000000\nm,b=2,a=1 v=2 1000000\n m,b=2,a=1 w=0,v=3 1000000\nm,a=1,b=2 v=4 2000000\n";
    await app.inject({ method: "POST", url: "/write", headers: sender, payload });
    const labels = `{${OWNED},a="1",b="2"}`;
    assert.deepEqual(stored, [`m_w${labels} 0@1`, `m_v${labels} 3@1`, `m_v${labels} 4@2`]);
  });

  test("counts a series that a rule merges once, in whichever form its lines come", async () => {
    const forms = ["m,pod=1,z=1", "m,pod=2,z=1", "m,z=1,pod=2", " m,pod=2,z=1", "m,pod=2,z=1"];
    const body = forms.map((form, i) => `${form} v=${i} ${i + 1}\n`).join("");
    const { stored, registry } = await post("/write?dropLabels=pod&precision=ms", body, sender);
    assert.deepEqual(
      stored,
      forms.map((_, i) => `m_v{${OWNED},z="1"} ${i}@${i + 1}`),
    );
    assert.match(await registry.metrics(), /flux_series_merged_total{tenant="acme"} 1\n/);
  });

  const refusals: [what: string, url: string, headers: Record<string, string>, status: number][] = [
    ["no key", "/write?db=x", {}, 401],
    ["a wrong key", "/write", { ...sender, key: "wrong-key" }, 403],
    ["the key of another tenant", "/write?x-tenant-id=other", { key: "key-of-acme", "x-server-id": "1" }, 403],
    ["a precision that nobody knows", "/write?precision=days", sender, 400],
    ["an encoding that nobody knows", "/write", { ...sender, "content-encoding": "br" }, 415],
    ["a body that is not the gzip that it says", "/write", { ...sender, "content-encoding": "gzip" }, 400],
  ];
  for (const [what, url, headers, status] of refusals) {
    test(`with ${what} is answered ${status} in InfluxDB's words, and nothing is stored`, async () => {
      const answer = await post(url, "up value=1 1", headers);
      assert.equal(answer.status, status, answer.text);
      assert.equal(typeof JSON.parse(answer.text).error, "string");
      assert.doesNotMatch(answer.text, new RegExp(KEY));
      assert.deepEqual(answer.stored, []);
    });
  }

  test("may not be sent by a web page of another origin: a browser that asks first is told nothing but POST", async () => {
    const asks = { origin: "https://page.example", "access-control-request-method": "POST" };
    for (const url of ["/write?db=x", "/api/v2/write", "/influx/t/acme/s/1/write", "/prometheus/write?db=x"]) {
      const { app } = recordingApp();
      const { statusCode, headers } = await app.inject({ method: "OPTIONS", url, headers: asks });
      assert.deepEqual([statusCode, headers["allow"]], [405, "POST"], url);
      assert.deepEqual(
        Object.keys(headers).filter((name) => name.startsWith("access-control-")),
        [],
      );
    }
  });
});

describe("how line protocol is read is said by the settings,", () => {
  const posted = async (settings: Record<string, string>, url: string, body: string, headers = {}) => {
    const { app, stored } = recordingApp(settings);
    const answer = await app.inject({ method: "POST", url, headers: { ...sender, ...headers }, payload: body });
    return [String(answer.statusCode), ...stored];
  };

  test("whether the database stands before names, and rules see the whole name", async () => {
    const settings = { INFLUX_DB_PREFIX: "db" };
    assert.deepEqual(await posted(settings, "/write?db=tele", "up value=1 1"), ["204", `tele_up{${OWNED}} 1@0`]);
    const toV2 = "/api/v2/write?bucket=tele/1&precision=ms";
    assert.deepEqual(await posted(settings, toV2, "up value=1 1"), ["204", `tele_up{${OWNED}} 1@1`]);
    assert.deepEqual(await posted(settings, "/write?db=tele&dropMetrics=^tele_", "up value=1 1"), ["204"]);
    assert.deepEqual(await posted({}, "/write?db=tele", "up value=1 1"), ["204", `up{${OWNED}} 1@0`]);
  });

  test("what becomes of strings", async () => {
    const body = 'm s="1.5",t="x" 1';
    const stored = (stringFields: string) => posted({ INFLUX_STRING_FIELDS: stringFields }, "/write", body);
    assert.deepEqual(await stored("drop"), ["204"]);
    assert.deepEqual(await stored("number"), ["204", `m_s{${OWNED}} 1.5@0`]);
    assert.deepEqual(await stored("info"), ["204", `m_s_info{${OWNED},s="1.5"} 1@0`, `m_t_info{${OWNED},t="x"} 1@0`]);
  });

  test("what unit timestamps have, unless the request says it", async () => {
    const auto = { INFLUX_PRECISION: "auto" };
    const body = "up value=1 1732147200123";
    assert.deepEqual(await posted(auto, "/write", body), ["204", `up{${OWNED}} 1@1732147200123`]);
    assert.deepEqual(await posted(auto, "/write?precision=", body), ["204", `up{${OWNED}} 1@1732147200123`]);
    assert.deepEqual(await posted(auto, "/write?precision=ns", body), ["204", `up{${OWNED}} 1@1732147`]);
    assert.deepEqual(await posted(auto, "/write?precision=xyz", body), ["400"]);
    assert.deepEqual(await posted({}, "/write", body), ["204", `up{${OWNED}} 1@1732147`]);
  });

  test("for one tenant or key where it says so", async () => {
    const settings = {
      FLUX_TENANTS: JSON.stringify({ acme: { influx: { dbPrefix: "db", stringFields: "number" } } }),
      FLUX_API_KEYS: JSON.stringify({ "key-of-acme": { namespace: "acme", influx: { stringFields: "info" } } }),
    };
    const body = 'm s="1" 1';
    const asAcme = await posted(settings, "/write?db=tele", body, { key: "key-of-acme" });
    assert.deepEqual(asAcme, ["204", `tele_m_s_info{${OWNED},s="1"} 1@0`]);
    assert.deepEqual(await posted(settings, "/write?db=tele", body), ["204", `tele_m_s{${OWNED}} 1@0`]);
    assert.deepEqual(await posted(settings, "/write?db=tele", body, { "x-tenant-id": "other" }), ["204"]);
  });
});

describe("the real clients, unmodified,", () => {
  const listen = async () => {
    const { app, stored } = recordingApp();
    const url = new URL(await app.listen({ port: 0, host: "127.0.0.1" }));
    return { app, stored, url };
  };

  test("npm influx writes, and is told the truth about a bad line", async () => {
    const { app, stored, url } = await listen();
    const client = new InfluxDbV1({
      host: url.hostname,
      port: Number(url.port),
      database: "metrics",
      username: "acme/1",
      password: KEY,
    });
    const point = { measurement: "cpu", tags: { host: "a b,c" }, fields: { value: 0.5, text: "no number" } };
    await client.writePoints([{ ...point, timestamp: new Date(1_700_000_000_123) }]);
    assert.deepEqual(stored, [`cpu{${OWNED},host="a b,c"} 0.5@1700000000123`]);
    const nan = { measurement: "cpu", tags: { a: "b" }, fields: { value: Number.NaN } };
    await assert.rejects(client.writePoints([nan]), /unable to parse/);
    assert.deepEqual(await client.ping(1000).then(([host]) => host?.online), true);
    await app.close();
  });

  test("@influxdata/influxdb-client writes, compressed too, and is told the truth about a bad line", async () => {
    const { app, stored, url } = await listen();
    const client = new InfluxDB({ url: url.origin, token: KEY });
    const api = client.getWriteApi("acme", "metrics/1", "ms", { gzipThreshold: 0, maxRetries: 0 });
    api.writePoint(
      new Point("cpu").tag("host", "a").floatField("value", 0.25).intField("n", 3).timestamp(1_700_000_000_123),
    );
    await api.flush();
    assert.deepEqual(stored, [`cpu_n{${OWNED},host="a"} 3@1700000000123`, `cpu{${OWNED},host="a"} 0.25@1700000000123`]);
    const bad = client.getWriteApi("acme", "metrics/1", "ms", {
      maxRetries: 0,
      writeFailed: (error) => {
        failure = error.message;
      },
    });
    let failure = "";
    bad.writeRecord("not a line");
    await assert.rejects(bad.flush());
    assert.match(failure, /unable to parse 'not a line'/);
    assert.deepEqual(await client.getQueryApi("acme").collectRows('from(bucket: "metrics")'), []);
    await app.close();
  });
});
