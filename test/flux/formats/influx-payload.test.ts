import assert from "node:assert/strict";
import { test } from "node:test";
import { adapterOf } from "../../../services/flux/formats/influx-adapter.ts";
import { type InfluxOptions, parseInfluxPayload } from "../../../services/flux/formats/influx-payload.ts";
import { formatSample, NOW_MS, readInflux } from "../../support/read-influx.ts";

const LIMITS: InfluxOptions = {
  precision: "ms",
  adapter: "none",
  prefix: "",
  stringFields: "drop",
  nowMs: NOW_MS,
  maxSamples: 5,
  maxLabelBytes: 1000,
};

function stored(body: string, options: Partial<InfluxOptions> = {}): string[] {
  return readInflux(body, { precision: "ms", ...options }).samples.map((sample) => formatSample(sample));
}

test("every field that is a number or boolean is a sample, strings are counted", () => {
  const { samples, payload } = readInflux('m,host=a f=1.5,i=2i,u=3u,b=true,s="x",value=7 5\nn s="only" 5', {
    precision: "ms",
  });
  assert.deepEqual(
    samples.map((sample) => formatSample(sample)),
    ['m_f{host="a"} 1.5 @5', 'm_i{host="a"} 2 @5', 'm_u{host="a"} 3 @5', 'm_b{host="a"} 1 @5', 'm{host="a"} 7 @5'],
  );
  assert.equal(payload.skippedStringFields, 2);
  assert.deepEqual(payload.invalid, []);
});

test("tags whose names come out the same are joined, that which needed no change first, and counted", () => {
  const { samples, payload } = readInflux("m,a.b=3,a_b=1,a-b=2,c.d=5,c-d=4 v=1 5", { precision: "ms" });
  assert.deepEqual(
    samples.map((sample) => formatSample(sample)),
    ['m_v{a_b="1;2;3",c_d="4;5"} 1 @5'],
  );
  assert.equal(payload.joinedTags, 3);
});

test("tags that Prometheus keeps for itself are left out, others that come out alike are not", () => {
  assert.deepEqual(stored("m,__replica__=r,__name__=evil,温度=x v=1 5"), ['m_v{__="x"} 1 @5']);
});

test("names differ by case", () => {
  assert.deepEqual(stored("CPU,Host=a,host=b V=1 5"), ['CPU_V{Host="a",host="b"} 1 @5']);
});

test("Prometheus' own names come through an adapter unchanged, those of other clients do not", () => {
  const line = "http.requests,le.x=1,__tmp=2,__name__=evil value=1 5\n";
  const unchanged = ['http.requests{__tmp="2",le.x="1"} 1 @5'];
  assert.deepEqual(stored(line, { adapter: "v1" }), unchanged);
  assert.deepEqual(stored(line, { adapter: "v2" }), unchanged);
  assert.deepEqual(stored(line), ['http_requests{le_x="1"} 1 @5']);
});

test("lines of another client that is taken for an adapter are read as usual", () => {
  const body = '# c\ncpu.x,host=a usage=1,idle=2i 5\r\n\nlog s="a\nvalue=1 5" 5\nbad\nm,a=b\nn v=3\ntorn,a=b\n';
  for (const adapter of ["v1", "v2"] as const) {
    const { samples, payload } = readInflux(body, { precision: "ms", adapter });
    assert.deepEqual(
      samples.map((sample) => formatSample(sample)),
      ['cpu_x_usage{host="a"} 1 @5', 'cpu_x_idle{host="a"} 2 @5', `n_v 3 @${NOW_MS}`],
    );
    assert.deepEqual(
      payload.invalid.map(({ where }) => where),
      ["line 6", "line 7", "line 9"],
    );
  }
});

test("a record of an adapter without an end is a fault, and the records after it are stored", () => {
  const { samples, payload } = readInflux("a,x=1\n y value=oops\nb,x=2 value=3 5\n", {
    precision: "ms",
    adapter: "v1",
  });
  assert.deepEqual(
    samples.map((sample) => formatSample(sample)),
    ['b{x="2"} 3 @5'],
  );
  assert.equal(payload.faults, 2);
});

test("a value that 64 bits cannot hold, in an adapter's record, is a fault", () => {
  assert.equal(readInflux(`a value=1${"0".repeat(309)} 5`, { adapter: "v1" }).payload.faults, 1);
});

test("the first fault is kept with its line and words, all of them are counted", () => {
  const { payload } = readInflux(`ok v=1\n${"bad\n".repeat(500)}ok v=1\n`);
  assert.deepEqual(payload.firstFault, { lineNumber: 2, words: "unable to parse 'bad': missing fields" });
  assert.deepEqual(payload.invalid[0], { where: "line 2", detail: "unable to parse 'bad': missing fields" });
  assert.equal(payload.faults, 500);
  assert.equal(payload.invalid.length, 500);
});

test("a body of more samples and faults than the limit is refused whole", () => {
  assert.ok(parseInfluxPayload(Buffer.from("m a=1,b=2,c=3\nbad\nbad\n"), LIMITS).ok);
  for (const body of ["m a=1,b=2,c=3,d=4,e=5,f=6", "m a=1,b=2,c=3,d=4\nbad\nbad", "x\n".repeat(6)]) {
    const read = parseInfluxPayload(Buffer.from(body), LIMITS);
    assert.equal(read.ok || read.code, "body_too_large");
  }
});

test("a body whose tags would be repeated beyond the limit is refused whole", () => {
  const tags = `t=${"x".repeat(400)}`;
  assert.ok(parseInfluxPayload(Buffer.from(`m,${tags} a=1,b=2`), LIMITS).ok);
  const read = parseInfluxPayload(Buffer.from(`m,${tags} a=1,b=2,c=3`), LIMITS);
  assert.equal(read.ok || read.code, "body_too_large");
});

test("the adapters are recognised by what they always send", () => {
  const cases: readonly (readonly [agent: string, query: string, want: string])[] = [
    ["InfluxDBClient", "consistency=&db=prom1&precision=ms&rp=autogen", "v1"],
    ["InfluxDBClient", "consistency=&db=prom1&precision=ns&rp=autogen", "none"],
    ["InfluxDBClient", "db=prom1&precision=ms&rp=autogen", "none"],
    ["curl/8", "consistency=&db=prom1&precision=ms&rp=autogen", "none"],
    ["influxdb-client-go/2.14.0 (linux; amd64)", "bucket=prom1&org=123&precision=ms", "v2"],
    ["influxdb-client-go/2.14.0 (linux; amd64)", "bucket=prom1&org=123&precision=ns", "none"],
    ["influxdb-client-js/1.35.0", "bucket=prom1&org=123&precision=ms", "none"],
  ];
  for (const [agent, query, want] of cases) {
    assert.equal(adapterOf({ headers: { "user-agent": agent }, query: new URLSearchParams(query) }), want);
  }
});
