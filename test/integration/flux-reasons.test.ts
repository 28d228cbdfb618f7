import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import {
  BUFFER_REFUSALS,
  DROP_REASONS,
  METADATA_DROPS,
  PART_REFUSALS,
  REQUEST_REFUSALS,
  SERIES_REFUSALS,
} from "../../services/flux/reasons.ts";
import { type LiveFlux, openLiveFlux } from "../flux/support/live-flux.ts";
import { openRaw, writeHead } from "../flux/support/raw-connection.ts";
import { type Heard, type Sent, send } from "../flux/support/two-tenants.ts";
import { metricValue } from "../support/metric-value.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";
import { compress, encodeWriteRequest, type SeriesSpec, writeRequestBody } from "../support/write-request.ts";

/*
 * Every reason of Flux, made to happen by a sender, and read off /metrics. A reason without a row here fails.
 */

/** How a reason comes about: once, and nothing else of its kind. */
interface Case {
  readonly settings?: Readonly<Record<string, string>>;
  readonly act: (flux: LiveFlux, t: TestContext) => Promise<Heard | string>;
  /** Status of the answer. */
  readonly status: number;
}
type Cases = Readonly<Record<string, Case>>;

const KEY = "key-of-the-test";
const SENDER = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
const SETTINGS = {
  FLUX_SELF_API_KEY: KEY,
  FLUX_API_KEYS: JSON.stringify({ "key-of-acme": "acme" }),
};
const NOW_MS = Date.now();
const SKYLINE = { BUFFER_FORMAT: "skyline" };

const one = (labels: SeriesSpec["labels"], value: number | bigint = 1, timestampMs = NOW_MS): SeriesSpec => ({
  labels,
  samples: [{ timestampMs, value }],
});
const up = one({ __name__: "up" });
const named = (...names: string[]) => names.map((name) => one({ __name__: name }));
const remote = (body: Buffer, headers: Sent["headers"] = {}): Sent => ({
  path: "/prometheus/write",
  headers: { ...SENDER, ...headers },
  body,
});
const sends =
  (...requests: (SeriesSpec[] | Sent)[]): Case["act"] =>
  async (flux) => {
    let heard: Heard | undefined;
    for (const request of requests) {
      const sent = Array.isArray(request) ? remote(writeRequestBody(request)) : request;
      heard = await send(flux.intakeUrl, sent);
    }
    assert.ok(heard);
    return heard;
  };
const refused = (series: SeriesSpec, settings: Record<string, string> = {}): Case => ({
  settings,
  act: sends([series, up]),
  status: 400,
});
const json = (body: string, headers: Sent["headers"] = {}): Sent => ({
  path: "/prometheus/write",
  headers: { ...SENDER, "content-type": "application/json", ...headers },
  body,
});

const dropped: Cases = {
  drop_metrics: { settings: { DROP_METRICS: '["^up"]' }, act: sends([up]), status: 204 },
  overwritten_in_request: { act: sends([up, up]), status: 204 },
  nan_not_storable: { settings: SKYLINE, act: sends([one({ __name__: "up" }, Number.NaN)]), status: 204 },
  over_quota: {
    settings: { FLUX_NAMESPACE_QUOTAS: '{"acme": 1}' },
    act: sends(
      remote(writeRequestBody(named("a")), { key: "key-of-acme" }),
      remote(writeRequestBody(named("b")), { key: "key-of-acme" }),
    ),
    status: 204,
  },
};

/** A TimeSeries with one histogram: a field that says nothing but that it is there. */
const nativeHistogram = Buffer.concat([
  encodeWriteRequest([up]),
  withLength(0x0a, Buffer.concat([withLength(0x0a, label("__name__", "h")), Buffer.from([0x22, 0])])),
]);

const series: Cases = {
  missing_metric_name: refused(one({ job: "nameless" })),
  empty_label_name: refused(one({ __name__: "m", "": "x" })),
  duplicate_label_name: refused(
    one([
      ["__name__", "m"],
      ["a", "1"],
      ["a", "2"],
    ]),
  ),
  invalid_utf8: {
    act: sends(
      remote(
        compress(
          Buffer.from(
            encodeWriteRequest([one({ __name__: "m?" }), up])
              .toString("latin1")
              .replace("m?", "m\xff"),
            "latin1",
          ),
        ),
      ),
    ),
    status: 400,
  },
  too_many_labels: refused(one({ __name__: "m", a: "1", b: "2" }), { FLUX_MAX_LABELS_PER_SERIES: "4" }),
  label_name_too_long: refused(one({ __name__: "m", ["a".repeat(300)]: "1" })),
  label_value_too_long: refused(one({ __name__: "m", a: "1".repeat(5000) })),
  series_too_long: refused(one({ __name__: "m", a: "1".repeat(60) }), { FLUX_MAX_SERIES_BYTES: "100" }),
  not_readable_by_skyline: refused(one({ __name__: "m{" }), SKYLINE),
  timestamp_out_of_range: refused(one({ __name__: "m" }, 1, 2 ** 51)),
  sample_too_old: refused(one({ __name__: "m" }, 1, NOW_MS - 3_600_000), { FLUX_PROMETHEUS_MAX_AGE: "600" }),
  sample_too_far_ahead: refused(one({ __name__: "m" }, 1, NOW_MS + 3_600_000), { FLUX_PROMETHEUS_MAX_FUTURE: "600" }),
  native_histogram: { act: sends(remote(compress(nativeHistogram))), status: 400 },
  series_limit: { settings: { FLUX_MAX_ACTIVE_SERIES: "1" }, act: sends([up], named("up", "b")), status: 400 },
};

const parts: Cases = {
  unreadable: { act: sends({ path: "/write", headers: SENDER, body: "up value=1\nup value=\n" }), status: 400 },
};

const buffer: Cases = {
  buffer_unavailable: { act: withoutRedisMemory(sends([up])), status: 503 },
  buffer_full: { settings: { BUFFER_MAX_BYTES: "1" }, act: sends([up]), status: 503 },
};

const family = (name: string, help = "") => ({ type: 1, metric_family_name: name, help, unit: "" });
const metadataOf = (...families: object[]) => remote(writeRequestBody([], families));

const metadata: Cases = {
  invalid: { act: sends(metadataOf(family(""))), status: 204 },
  overwritten_in_request: { act: sends(metadataOf(family("m", "one"), family("m", "two"))), status: 204 },
  over_limit: {
    settings: { FLUX_MAX_METADATA_PER_SERVER: "1" },
    act: sends(metadataOf(family("a"), family("b"))),
    status: 204,
  },
  store_unavailable: { act: withoutRedisMemory(sends(metadataOf(family("m")))), status: 204 },
};

const requests: Cases = {
  malformed_http: { act: raw("nonsense\r\n\r\n"), status: 400 },
  headers_too_large: { act: raw(writeHead({ a: "x".repeat(20_000) })), status: 431 },
  request_timeout: {
    settings: { FLUX_REQUEST_TIMEOUT_MS: "300" },
    act: raw(writeHead({ ...SENDER, "content-length": 10 })),
    status: 503,
  },
  method_not_allowed: { act: sends({ path: "/prometheus/write", method: "GET" }), status: 405 },
  no_key: { act: sends(remote(writeRequestBody([up]), { key: "" })), status: 401 },
  bad_key: { act: sends(remote(writeRequestBody([up]), { key: "schl\xfcssel" })), status: 401 },
  unknown_key: { act: sends(remote(writeRequestBody([up]), { key: "somebody's" })), status: 403 },
  foreign_tenant: {
    act: sends(remote(writeRequestBody([up]), { key: "key-of-acme", "x-tenant-id": "other" })),
    status: 403,
  },
  no_tenant: { act: sends({ path: "/prometheus/write", headers: { key: KEY } }), status: 400 },
  no_server: { act: sends({ path: "/prometheus/write", headers: { key: KEY, "x-tenant-id": "acme" } }), status: 400 },
  bad_identity: { act: sends(remote(writeRequestBody([up]), { "x-tenant-id": "a b" })), status: 400 },
  bad_rules: { act: sends(remote(writeRequestBody([up]), { dropmetrics: "['('" })), status: 400 },
  over_sample_rate: {
    settings: { FLUX_SAMPLES_PER_SECOND: "1", FLUX_SAMPLES_BURST: "1" },
    act: sends(named("a", "b", "c", "d"), [up]),
    status: 503,
  },
  over_byte_rate: {
    settings: { FLUX_BYTES_PER_SECOND: "1", FLUX_BYTES_BURST: "1" },
    act: sends([up], [up]),
    status: 503,
  },
  too_many_requests: { settings: { FLUX_MAX_REQUESTS_IN_FLIGHT: "1" }, act: besideHalfARequest(10), status: 503 },
  unsupported_type: { act: sends(remote(writeRequestBody([up]), { "content-type": "text/html" })), status: 415 },
  unsupported_encoding: { act: sends(remote(writeRequestBody([up]), { "content-encoding": "br" })), status: 415 },
  body_too_large: { settings: { FLUX_MAX_BODY_BYTES: "5" }, act: sends([up]), status: 413 },
  body_incomplete: { act: halfClosed(), status: 503 },
  malformed_encoding: { act: sends(json("{}", { "content-encoding": "gzip" })), status: 400 },
  malformed_snappy: { act: sends(remote(Buffer.from("junk"))), status: 400 },
  malformed_protobuf: { act: sends(remote(compress(Buffer.from("junk")))), status: 400 },
  malformed_json: { act: sends(json("{oops")), status: 400 },
  no_metrics: { act: sends(json("{}")), status: 400 },
  bad_precision: {
    act: sends({ path: "/write?precision=fortnight", headers: SENDER, body: "up value=1" }),
    status: 400,
  },
  too_many_metrics: {
    settings: { FLUX_NAMESPACE_QUOTAS: '{"acme": 1}' },
    act: sends(remote(writeRequestBody(named("a", "b")), { key: "key-of-acme" })),
    status: 400,
  },
  memory_full: { settings: { FLUX_MAX_IN_FLIGHT_BYTES: "100000" }, act: besideHalfARequest(70_000), status: 503 },
  shutting_down: {
    act: async (flux) => {
      flux.beginStop();
      return send(flux.intakeUrl, remote(writeRequestBody([up])));
    },
    status: 503,
  },
};

const kinds: [what: string, reasons: readonly string[], cases: Cases, metric: string][] = [
  ["samples are dropped", DROP_REASONS, dropped, "flux_samples_dropped_total"],
  ["series are refused", SERIES_REFUSALS, series, "flux_samples_refused_total"],
  ["parts are refused", PART_REFUSALS, parts, "flux_samples_refused_total"],
  ["Redis does not take samples", BUFFER_REFUSALS, buffer, "flux_samples_refused_total"],
  ["metadata is dropped", METADATA_DROPS, metadata, "flux_metadata_dropped_total"],
  ["requests are refused", REQUEST_REFUSALS, requests, "flux_requests_refused_total"],
];

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.stop());

for (const [what, reasons, cases, metric] of kinds) {
  describe(`of the reasons for which ${what}`, () => {
    test("each has a test, and there is no other", () => {
      assert.deepEqual(Object.keys(cases), [...reasons]);
    });

    for (const [reason, row] of Object.entries(cases)) {
      test(`${reason} happens, is answered ${row.status}, and is counted`, async (t) => {
        const flux = await openLiveFlux(server.url, { ...SETTINGS, ...row.settings });
        t.after(() => flux.close());
        const heard = await row.act(flux, t);
        const status = typeof heard === "string" ? Number(heard.split(" ")[1]) : heard.status;
        assert.equal(status, row.status, JSON.stringify(heard));
        const url = `${flux.adminUrl}/metrics`;
        assert.equal(await metricValue(url, metric, `reason="${reason}"`), 1);
        assert.equal(await metricValue(url, metric), 1, "and under no other reason");
        const total = (name: string) => metricValue(url, `flux_samples_${name}_total`);
        assert.equal(
          await total("received"),
          (await total("stored")) + (await total("dropped")) + (await total("refused")),
        );
      });
    }
  });
}

/** While Redis refuses to take anything more. */
function withoutRedisMemory(act: Case["act"]): Case["act"] {
  return async (flux, t) => {
    await flux.redis.config("SET", "maxmemory", "1");
    try {
      return await act(flux, t);
    } finally {
      await flux.redis.config("SET", "maxmemory", "0");
    }
  };
}

/** What is answered to these bytes. */
function raw(text: string): Case["act"] {
  return async (flux) => (await openRaw(flux.intakePort, text)).ended();
}

/** A sender that closes its side amid the body. */
function halfClosed(): Case["act"] {
  return async (flux) => {
    const connection = await openRaw(flux.intakePort, writeHead({ ...SENDER, "content-length": 10 }));
    await until(() => flux.heldBytes() > 0);
    connection.socket.end("half");
    return connection.ended();
  };
}

/** A request while another one of so many bytes is under way. */
function besideHalfARequest(bytes: number): Case["act"] {
  return async (flux, t) => {
    const { socket } = await openRaw(flux.intakePort, writeHead({ ...SENDER, "content-length": bytes }));
    t.after(() => socket.destroy());
    await until(() => flux.heldBytes() >= bytes);
    const head = writeHead({ ...SENDER, "content-length": bytes, connection: "close" });
    const second = await openRaw(flux.intakePort, head);
    t.after(() => second.socket.destroy());
    await second.receive(/\r\n\r\n/);
    return second.received();
  };
}

function label(name: string, value: string): Buffer {
  return Buffer.concat([withLength(0x0a, Buffer.from(name)), withLength(0x12, Buffer.from(value))]);
}

function withLength(tag: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, bytes.length]), bytes]);
}
