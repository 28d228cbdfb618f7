import assert from "node:assert/strict";
import { test } from "node:test";
import { allInvalidJsonBody, partialJsonBody } from "../../../services/flux/formats/json-answer.ts";
import { parseJsonPayload } from "../../../services/flux/formats/json-payload.ts";
import { referenceCodec } from "../../../services/kernel/reference.ts";
import { createRandom, type Random } from "../../support/random.ts";
import { bitsOf } from "../../support/special-values.ts";

const LIMITS = { maxItems: 1000 };

/** Parses a body that has to be taken. */
function parse(body: string | Buffer) {
  const parsed = parseJsonPayload(Buffer.from(body), LIMITS);
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.detail);
  return parsed;
}

/** The samples of a payload, each with its labels as an object. */
function samplesOf({ payload }: ReturnType<typeof parse>) {
  const { series, timestampsMs, valueBits } = payload.request;
  return series.map(({ rawLabels, firstSample }) => {
    const decoded = referenceCodec.decodeLabels(rawLabels);
    assert.ok(decoded.ok);
    return {
      labels: Object.fromEntries(decoded.labels.map(({ name, value }) => [name, value])),
      timestampMs: timestampsMs[firstSample],
      valueBits: valueBits[firstSample],
    };
  });
}

/** A body with one element, whose members are given as JSON text. */
function bodyOf(members: Readonly<Record<string, string>>): string {
  const text = Object.entries(members).map(([name, json]) => `${JSON.stringify(name)}:${json}`);
  return `{"key":"k","metrics":[{${text.join(",")}}]}`;
}

test("a metric is read as people write it, or refused at the character where it goes wrong", () => {
  const up = { __name__: "up" };
  const labelled = { __name__: "up", a: "1", b: "2" };
  const table: [metric: string, want: Record<string, string> | string][] = [
    ["up", up],
    [" up ", up],
    ["up{}", up],
    ["up { }", up],
    ['up{a="1",b="2"}', labelled],
    ['up{a="1",b="2",}', labelled],
    [' up { a = "1" , b = "2" , } ', labelled],
    ['up{a="1",\n\tb="2"}', labelled],
    ['{__name__="up",a="1",b="2"}', labelled],
    ['up{a="x,y=z}"}', { ...up, a: "x,y=z}" }],
    ['up{a="{",b="}"}', { ...up, a: "{", b: "}" }],
    ['up{a="say \\"hi\\""}', { ...up, a: 'say "hi"' }],
    ['up{a="x\\"}"}', { ...up, a: 'x"}' }],
    ['up{a="C:\\\\dir"}', { ...up, a: "C:\\dir" }],
    ['up{a="C:\\dir\\é"}', { ...up, a: "C:\\dir\\é" }],
    ['up{a="one\\ntwo"}', { ...up, a: "one\ntwo" }],
    ['up{a="\\\\n"}', { ...up, a: "\\n" }],
    ['up{a="one\ntwo"}', { ...up, a: "one\ntwo" }],
    ['up{a=" kept "}', { ...up, a: " kept " }],
    ['up{a=""}', { ...up, a: "" }],
    ['grüße_☃{größe="𝒳"}', { __name__: "grüße_☃", größe: "𝒳" }],
    ['a:b.c-d/e{x.y="1"}', { __name__: "a:b.c-d/e", "x.y": "1" }],
    ['up{_tenant_id="other"}', { ...up, _tenant_id: "other" }],
    ["", "expected the name of the metric at character 1, found the end of the text"],
    ["{}", 'expected the name of the metric at character 1, found "{}"'],
    ['{a="1"}', "expected the name of the metric at character 1"],
    ['{__name__=""}', "expected the name of the metric at character 1"],
    ["up{", "expected the name of a label or } at character 4, found the end of the text"],
    ["up}", 'expected { or the end of the text at character 3, found "}"'],
    ['up"', "expected { or the end of the text at character 3"],
    ["up{a}", 'expected = after the label name "a" at character 5, found "}"'],
    ["up{a=}", 'expected a label value in " at character 6, found "}"'],
    ["up{a=1}", 'expected a label value in " at character 6, found "1}"'],
    ["up{a='1'}", 'expected a label value in " at character 6, found "\'1\'}"'],
    ['up{a="1}', "expected the quote that ends the value of character 6 at character 9, found the end of the text"],
    ['up{a="1\\"}', "expected the quote that ends the value of character 6 at character 11"],
    ['up{a="1"', "expected , or } at character 9, found the end of the text"],
    ['up{a="1" b="2"}', 'expected , or } at character 10, found "b=\\"2\\"}"'],
    ['up{a="1""2"}', "expected , or } at character 9"],
    ['up{,a="1"}', "expected the name of a label or } at character 4"],
    ['up{a="1",,}', "expected the name of a label or } at character 10"],
    ['up{="1"}', "expected the name of a label or } at character 4"],
    ['up{"a"="1"}', "expected the name of a label or } at character 4"],
    ['up{a b="1"}', 'expected = after the label name "a" at character 6'],
    ['up{a=="1"}', 'expected a label value in " at character 6'],
    ['up{a="1"}x', 'expected the end of the text at character 10, found "x"'],
    ['up{a="1"}}', "expected the end of the text at character 10"],
    ["up{}{}", "expected the end of the text at character 5"],
    ['up{a="1",a="1"}', 'label "a" stands twice'],
    ['up{__name__="up"}', 'label "__name__" stands twice'],
    ['up{a="\ud800"}', "the metric has half a surrogate pair"],
  ];
  for (const [metric, want] of table) {
    const parsed = parse(bodyOf({ metric: JSON.stringify(metric), timestamp: "1", value: "1" }));
    const [invalid] = parsed.payload.invalid;
    if (typeof want === "string") {
      assert.ok(invalid?.detail.startsWith(want), `${metric}: ${invalid?.detail}`);
    } else {
      assert.deepEqual(samplesOf(parsed)[0]?.labels, want, `${metric}: ${invalid?.detail}`);
    }
  }
});

test("a timestamp is seconds below 10^11 and milliseconds from there, a number or a numeric string", () => {
  const table: [json: string | undefined, want: number | RegExp][] = [
    ["1700000000", 1700000000000],
    ["1700000000123", 1700000000123],
    ["1700000000.123", 1700000000123],
    ["1700000000.1239", 1700000000124],
    ["1700000000123.6", 1700000000124],
    ["1.7e9", 1700000000000],
    ["99999999999", 99999999999000],
    ["100000000000", 100000000000],
    ["-99999999999", -99999999999000],
    ["-100000000000", -100000000000],
    ["0", 0],
    ["-0.0001", 0],
    ['"1700000000"', 1700000000000],
    ['" 1700000000123 "', 1700000000123],
    ['"1700000000.5"', 1700000000500],
    ['"1.7e+09"', 1700000000000],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", /the timestamp 9007199254740992 is out of range/],
    ["1e300", /out of range/],
    ["1e999", /is not a number of seconds or milliseconds/],
    [undefined, /there is no timestamp/],
    ["null", /the timestamp null is not a number/],
    ["true", /the timestamp true is not a number/],
    ['""', /the timestamp "" is not a number/],
    ['"2024-01-01T00:00:00Z"', /the timestamp "2024-01-01T00:00:00Z" is not a number/],
    ['"0x10"', /is not a number/],
    ['"1_000"', /is not a number/],
    ['"NaN"', /is not a number/],
    ["NaN", /is not a number/],
    ["Infinity", /is not a number/],
    ["[1]", /the timestamp \(a list or object\) is not a number/],
  ];
  for (const [json, want] of table) {
    const parsed = parse(bodyOf({ metric: '"up"', value: "1", ...(json !== undefined && { timestamp: json }) }));
    const got = samplesOf(parsed)[0]?.timestampMs ?? parsed.payload.invalid[0]?.detail ?? "";
    typeof want === "number" ? assert.equal(got, want, json) : assert.match(String(got), want, json);
  }
});

test("a value is a finite number, a numeric string, or a word for what JSON cannot say", () => {
  const table: [json: string | undefined, want: number | RegExp][] = [
    ["1", 1],
    ["0", 0],
    ["-0", -0],
    ["-1.5e-9", -1.5e-9],
    ["0.1", 0.1],
    ["5e-324", 5e-324],
    ["1.7976931348623157e308", Number.MAX_VALUE],
    ["123456789012345678", 123456789012345680],
    ['"1"', 1],
    ['" -2.50 "', -2.5],
    ['"+.5"', 0.5],
    ['"5."', 5],
    ['"1E3"', 1000],
    ['"-0"', -0],
    ['"NaN"', Number.NaN],
    ['"nan"', Number.NaN],
    ['"Inf"', Number.POSITIVE_INFINITY],
    ['"+Inf"', Number.POSITIVE_INFINITY],
    ['"-Inf"', Number.NEGATIVE_INFINITY],
    ['"Infinity"', Number.POSITIVE_INFINITY],
    ['"-INFINITY"', Number.NEGATIVE_INFINITY],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    [undefined, /there is no value/],
    ["null", /the value null is not a number/],
    ["true", /the value true is not a number/],
    ["false", /the value false is not a number/],
    ['""', /the value "" is not a number/],
    ['"up"', /the value "up" is not a number/],
    ['"1,5"', /is not a number/],
    ['"1 2"', /is not a number/],
    ['"."', /is not a number/],
    ['"1e"', /is not a number/],
    ['"0x1"', /is not a number/],
    ["1e999", /the value Infinity is not a number that 64 bits can hold/],
    ['"1e999"', /is not a number that 64 bits can hold/],
    ["{}", /the value \(a list or object\) is not a number/],
    [`"${"9".repeat(100_000)}x"`, /^the value "9{40}" is not a number/],
  ];
  for (const [json, want] of table) {
    const parsed = parse(bodyOf({ metric: '"up"', timestamp: "1", ...(json !== undefined && { value: json }) }));
    const detail = parsed.payload.invalid[0]?.detail ?? "";
    typeof want === "number"
      ? assert.equal(samplesOf(parsed)[0]?.valueBits, bitsOf(want), `${json}: ${detail}`)
      : assert.match(detail, want, json);
  }
});

test("an element that is not a sample is refused by itself, the others are taken", () => {
  const valid = { metric: 'up{b="2",a="1",_tenant_id="x",c=""}', timestamp: 1, value: 1 };
  const items = [valid, null, 5, "up", [], {}, { metric: 5 }, { metric: null, timestamp: 1, value: 1 }, valid];
  const { key, payload } = parse(JSON.stringify({ metrics: items, key: "k", other: [] }));
  assert.equal(key, "k");
  assert.deepEqual(payload.validMetrics, ['up{a="1",b="2"}', 'up{a="1",b="2"}']);
  assert.equal(payload.request.series.length, 2);
  assert.deepEqual(
    payload.invalid.map(({ where, item }) => [where, item]),
    items.slice(1, -1).map((item, i) => [`metrics[${i + 1}]`, item]),
  );
  assert.equal(payload.invalid, payload.invalid);
});

test("a body of which nothing can be taken is refused, and its key known where it is JSON", () => {
  const table: [body: string | Buffer, code: string, detail: RegExp, key?: string][] = [
    ["", "malformed_json", /not JSON/],
    ["{", "malformed_json", /not JSON/],
    ["up 1", "malformed_json", /not JSON/],
    ['{"key":"k","metrics":[{"metric":"NaN","value":NaNa}]}', "malformed_json", /not JSON/],
    ['{"key":"k","metrics":[-NaN]}', "malformed_json", /not JSON/],
    ['{"metrics":[NaN,"', "malformed_json", /not JSON/],
    ['{"metrics":[NaN,"\\', "malformed_json", /not JSON/],
    [Buffer.from([0x22, 0xff, 0x22]), "malformed_json", /not UTF-8/],
    [Buffer.from('{"metrics":"\xe9"}', "latin1"), "malformed_json", /not UTF-8/],
    ["null", "malformed_json", /not an object/],
    ["[]", "malformed_json", /not an object/],
    ['"x"', "malformed_json", /not an object/],
    ["NaN", "malformed_json", /not an object/],
    ["{}", "no_metrics", /missing, empty or not a list/],
    ['{"key":"k"}', "no_metrics", /missing/, "k"],
    ['{"key":"k","metrics":[]}', "no_metrics", /empty/, "k"],
    ['{"key":"k","metrics":{}}', "no_metrics", /not a list/, "k"],
    ['{"key":"k","metrics":null}', "no_metrics", /not a list/, "k"],
    [JSON.stringify({ key: "k", metrics: Array(1001).fill(0) }), "body_too_large", /1001 elements, at most 1000/, "k"],
  ];
  for (const [body, code, detail, key] of table) {
    const parsed = parseJsonPayload(Buffer.from(body), LIMITS);
    assert.ok(!parsed.ok);
    assert.deepEqual([parsed.code, parsed.key], [code, key], String(body).slice(0, 100));
    assert.match(parsed.detail, detail);
  }
  assert.equal(parse('\ufeff{"metrics":[0]}').payload.invalid.length, 1);
  assert.equal(parse('{"key":5,"metrics":[0]}').key, undefined);
  assert.equal(parse(JSON.stringify({ metrics: Array(1000).fill(0) })).payload.invalid.length, 1000);
});

test("the bare words of Python are numbers outside strings and text inside them", () => {
  const metric = 'm{a="NaN, Infinity \\\\ -Infinity",b="\\"NaN"}';
  const samples = samplesOf(
    parse(`{"metrics":[{"metric":${JSON.stringify(metric)},"timestamp":1,"value":-Infinity}]}`),
  );
  assert.deepEqual(samples[0]?.labels, { __name__: "m", a: "NaN, Infinity \\ -Infinity", b: '"NaN' });
  assert.equal(samples[0]?.valueBits, bitsOf(Number.NEGATIVE_INFINITY));
});

test("a body of megabytes or a million levels takes time in proportion, and can be answered", () => {
  const depth = 1_000_000;
  const bodies = [
    `{"metrics":[${"[".repeat(depth)}${"]".repeat(depth)}]}`,
    `{"metrics":[{"metric":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}]}`,
    bodyOf({ metric: JSON.stringify(`up{a="${"x".repeat(4e6)}`), timestamp: "1", value: "NaN" }),
    bodyOf({ metric: JSON.stringify(`up{${" ".repeat(4e6)}`), timestamp: "1", value: "1" }),
    bodyOf({ metric: JSON.stringify(`up{a="${"\\\\".repeat(1e6)}`), timestamp: "1", value: "1" }),
    `{"metrics":[NaN${',"\\"'.repeat(1e6)}`,
    `{"metrics":[${"NaN,".repeat(1e6)}`,
    `{"key":"${'\\"'.repeat(2e6)}`,
  ];
  for (const body of bodies) {
    const start = performance.now();
    const parsed = parseJsonPayload(Buffer.from(body), LIMITS);
    const answer = parsed.ok
      ? allInvalidJsonBody({ invalidItems: parsed.payload.invalid, owner: OWNER })
      : parsed.detail;
    assert.ok(JSON.stringify(answer).length < 2000);
    assert.ok(performance.now() - start < 20_000, `${body.slice(0, 40)}: ${performance.now() - start} ms`);
  }
});

const OWNER = { tenant: "1", server: "2" };

test("the answer to a payload that is invalid in part is Skyline's, word for word", () => {
  const items = [
    { metric: "up", timestamp: 1, value: 1 },
    { metric: 'bad{a="1"', timestamp: 1, value: null },
    { metric: 'up{job="node"}', timestamp: "1", value: "1" },
    7,
  ];
  const { payload } = parse(JSON.stringify({ key: "k", metrics: items }));
  const data = [
    { metric_data: items[1], status: 400 },
    { metric_data: 7, status: 400 },
    { metric_data: 'up{_tenant_id="1",_server_id="2"}', status: 200 },
    { metric_data: 'up{_tenant_id="1",_server_id="2",job="node"}', status: 200 },
  ];
  const error =
    "partial injestion - 2 metrics were ingested and the data for 2 metrics was invalid and was not ingested";
  const message = "2 metrics were processed and 2 metric data were rejected";
  assert.deepEqual(partialJsonBody({ ...payload, invalidItems: payload.invalid, owner: OWNER }), {
    code: 207,
    data,
    error,
    message,
  });
  assert.deepEqual(allInvalidJsonBody({ invalidItems: payload.invalid, owner: OWNER }), {
    code: 400,
    data: data.slice(0, 2),
    error: "partial injestion - 0 metrics were ingested and the data for 2 metrics was invalid and was not ingested",
    message: "0 metrics were processed and 2 metric data were rejected",
  });
});

test("an answer shows no more than the beginning of what was sent", () => {
  const long = "x".repeat(1000);
  const invalidItems = [{ item: { metric: long, value: [long], nested: { deep: 1 } } }, { item: long }, { item: [1] }];
  const { data } = allInvalidJsonBody({ invalidItems, owner: OWNER });
  assert.deepEqual(
    data.map(({ metric_data }) => metric_data),
    [{ metric: `${"x".repeat(200)}…`, value: "(a list)", nested: "(an object)" }, `${"x".repeat(200)}…`, "(a list)"],
  );
});

/** Text of 0 to 9 characters, most of which mean something to one of the parsers. */
function randomText(random: Random, alphabet: readonly [string, ...string[]]): string {
  return Array.from({ length: random.below(10) }, () => random.pick(alphabet)).join("");
}

const ANY = ['"', "\\", "\n", "{", "}", ",", "=", " ", "n", "a", "é", "☃", "𝒳", "\u0000", "NaN", "Infinity"] as const;
const NAMES = ["a", "b", "_", ":", ".", "é", "𝒳"] as const;

test("random series, times and values come back as they were", () => {
  const random = createRandom(4);
  const escaped = (text: string) => text.replace(/[\\"\n]/g, (c) => (c === "\n" ? "\\n" : `\\${c}`));
  const space = () => random.pick(["", "", " "]);
  for (let round = 0; round < 2000; round++) {
    const labels = Array.from({ length: random.below(5) }, (_, i) => [
      `${random.pick(NAMES)}${randomText(random, NAMES)}${i}`,
      randomText(random, ANY),
    ]);
    const name = `m${randomText(random, NAMES)}`;
    const words = labels.map(
      ([label, value]) => `${space()}${label}${space()}=${space()}"${escaped(value ?? "")}"${space()}`,
    );
    const metric = `${name}${space()}{${words.join(",")}}`;
    const timestampMs = 1e11 + random.below(2e12);
    const value = random.pick([random.next() * 10 ** (random.below(600) - 300), Number.NaN, Number.NEGATIVE_INFINITY]);
    const asText = Number.isFinite(value)
      ? random.pick([`${value}`, `"${value}"`])
      : random.pick([`${value}`, `"${value}"`]);
    const body = bodyOf({ timestamp: `${timestampMs}`, value: asText, metric: JSON.stringify(metric) });
    assert.deepEqual(
      samplesOf(parse(body)),
      [{ labels: { __name__: name, ...Object.fromEntries(labels) }, timestampMs, valueBits: bitsOf(value) }],
      `round ${round}: ${body}`,
    );
  }
});

test("corrupt bodies are refused, whole or in part, and nothing is thrown", () => {
  const random = createRandom(7);
  const items = [
    { metric: 'up{a="x,y=z}",b="\\"\\\\\\n"}', timestamp: 1700000000, value: 1.5 },
    { metric: "up", timestamp: "1700000000123", value: "NaN" },
  ];
  const source = Buffer.from(`${JSON.stringify({ key: "secret", metrics: items })}`.replace('"NaN"', "NaN"));
  const bytes = Buffer.from('"\\{}[],=:0123456789eE+-.NaInfity \n\u00e9', "utf8");
  for (let round = 0; round < 20_000; round++) {
    const corrupt = Buffer.from(source.subarray(0, source.length - random.below(2) * random.below(source.length)));
    for (let changes = 1 + random.below(4); changes > 0 && corrupt.length > 0; changes--) {
      corrupt[random.below(corrupt.length)] =
        random.below(4) === 0 ? random.below(256) : (bytes[random.below(bytes.length)] ?? 0);
    }
    const parsed = parseJsonPayload(corrupt, LIMITS);
    if (parsed.ok) {
      const { validMetrics, invalid, request } = parsed.payload;
      assert.equal(validMetrics.length, request.series.length);
      assert.ok(validMetrics.length + invalid.length > 0);
      assert.ok(request.timestampsMs.every(Number.isSafeInteger), `round ${round}`);
      JSON.stringify(partialJsonBody({ validMetrics, invalidItems: invalid, owner: OWNER }));
    } else {
      assert.ok(parsed.detail !== "" && parsed.detail.length < 300, `round ${round}: ${parsed.detail}`);
    }
  }
});
