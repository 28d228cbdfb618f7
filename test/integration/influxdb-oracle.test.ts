import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { FastifyInstance } from "fastify";
import { type Adapter, adapterOf } from "../../services/flux/formats/influx-adapter.ts";
import { parsePrecision, truncateToPrecision, UNIT_MS } from "../../services/flux/formats/influx-precision.ts";
import { parseLines } from "../../services/flux/formats/line-protocol.ts";
import { buildTestApp, KEY } from "../flux/support/test-app.ts";
import { type InfluxDb, startInfluxDb } from "../support/influxdb.ts";
import { LINE_VECTORS, lineVectorBody, TIMESTAMP_MS, TIMESTAMP_NS, VALUE_VECTORS } from "../support/line-vectors.ts";
import { createRandom, type Random } from "../support/random.ts";
import { encodePoint, type RandomPoint, randomPoint, randomText, type Texts } from "../support/random-points.ts";

/*
 * The same bytes go to a real InfluxDB 1.6 and to Flux. What becomes of them, whether they are taken, in part or not at
 * all, for which reason, and which points they come to, must be the same, or stand in the list of differences.
 */

/** A request. `precision` as it stands in the query. */
interface Vector {
  readonly name: string;
  readonly body: Buffer;
  readonly precision?: string | undefined;
  readonly adapter?: Adapter | undefined;
}

const T = TIMESTAMP_NS;

const VECTORS: readonly Vector[] = [
  // InfluxDB 1.x does not know the API of the later adapter.
  ...LINE_VECTORS.filter(([, , , options]) => options?.adapter !== "v2").map(([name, body, , options]) => ({
    name,
    body: lineVectorBody(body),
    ...options,
  })),
  ...VALUE_VECTORS.map(([text]) => ({ name: `value ${text}`, body: Buffer.from(`m v=${text} ${T}`) })),
  { name: "86: bytes that are not UTF-8", body: Buffer.from(`m,t=\xff v=1 ${T}`, "latin1") },
  ...[
    ["n", T],
    ["u", "1732147200000000"],
    ["ms", "1732147200000"],
    ["s", "1732147200"],
    ["m", "28869120"],
    ["h", "481152"],
    ["", T],
    ["ns", T],
    ["xyz", T],
  ].map(([precision, timestamp]) => ({
    name: `precision=${precision}`,
    body: Buffer.from(`m v=1 ${timestamp}`),
    precision,
  })),
  { name: "several lines are bad", body: Buffer.from(`bad\nm v=1 ${T}\nm v=x ${T}`) },
];

/** Like `204`, `400 missing fields` or `400 partial write: missing fields`, then the points, sorted. */
type Outcome = readonly string[];

interface Difference {
  readonly why: string;
  readonly atInflux: Outcome;
}

const differ = (why: string, outcomes: Readonly<Record<string, Outcome>>): [string, Difference][] =>
  Object.entries(outcomes).map(([name, atInflux]) => [name, { why, atInflux }]);

/** What Flux does otherwise than InfluxDB 1.6, on purpose. */
const DIFFERENCES: ReadonlyMap<string, Difference> = new Map([
  ...differ("Lines may end in CR LF, as InfluxDB 2 and VictoriaMetrics have it.", {
    "4: CR LF after a timestamp": ["400 bad timestamp"],
    "5: CR LF after a value": ["400 invalid number"],
    "6: blank CR LF lines": ["400 missing fields"],
  }),
  ...differ("A tag without a value is no tag, as an empty label is none.", {
    "18: an empty tag value": ["400 missing tag value"],
  }),
  ...differ("What the adapter meant is understood, although it is not line protocol.", {
    "34: the same of the older adapter": ["400 invalid tag format"],
    "93: a newline in a label": ["400 partial write: missing fields", "b{} value=3@5"],
  }),
  ...differ("Unsigned integers are taken, as in InfluxDB 2.", {
    "value 42u": ["400 invalid number"],
    "value 18446744073709551615u": ["400 invalid number"],
    "value 18446744073709551616u": ["400 invalid number"],
  }),
  ...differ("A string that nothing ends does not take the lines after it along.", {
    "66: a string without an end spares other lines": ["400 unbalanced quotes"],
  }),
  ...differ("Nothing may stand between a string and what follows it.", {
    "67: text after a string": ["204", `m{} v="a\\""@${TIMESTAMP_MS}`],
  }),
  ...differ("A precision is what it says, or refused: read as nanoseconds it would move the data to 1970.", {
    "78: microseconds": ["204", "m{} v=1@1732147200"],
    "precision=xyz": ["204", `m{} v=1@${TIMESTAMP_MS}`],
  }),
  ...differ("Prometheus has one type of value, so that fields do not conflict.", {
    "84: types may differ": ["400 field type conflict"],
  }),
  ...differ("Labels are UTF-8 without NUL, and a byte order mark is not part of a name.", {
    "86: bytes that are not UTF-8": ["204", `m{t="\ufffd"} v=1@${TIMESTAMP_MS}`],
    "87: NUL in a tag": ["204", `m{t="a\\u0000b"} v=1@${TIMESTAMP_MS}`],
    "88: a byte order mark": ["204", `\ufeffm{} v=1@${TIMESTAMP_MS}`],
  }),
  ...differ("`time` is a name like others.", {
    "a tag and a field called time": [
      '400 partial write: invalid tag key: input tag "time" on measurement "m" is invalid dropped=1',
    ],
  }),
  ...differ("The same is said in other words.", {
    "76: one after the last": ["400 time outside range -9223372036854775806 - 9223372036854775806"],
    "76: beyond 64 bits": ['400 strconv.ParseInt: parsing "9223372036854775808": value out of range'],
    "77: too many milliseconds": ["400 time outside range -9223372036854775806 - 9223372036854775806"],
    "89: a long key": ["400 max key length exceeded: 65604 > 65535"],
    "89: a long field key": ["400 max key length exceeded: 65536 > 65535"],
    "value 9223372036854775808i": [
      '400 unable to parse integer 9223372036854775808: strconv.ParseInt: parsing "9223372036854775808": value out of range',
    ],
    "value -9223372036854775809i": [
      '400 unable to parse integer -9223372036854775809: strconv.ParseInt: parsing "-9223372036854775809": value out of range',
    ],
    "value 1e": ["400 invalid float"],
    "value 1e+": ["400 invalid float"],
  }),
]);

describe("line protocol means to Flux what it means to InfluxDB 1.6", () => {
  let influx: InfluxDb;
  let app: FastifyInstance;
  before(async () => {
    influx = await startInfluxDb();
    const commit = async () => ({ ok: true, registeredSeries: 0, blockBytes: 0 }) as const;
    const settings = { FLUX_MAX_BODY_BYTES: "1000000", FLUX_MAX_UNCOMPRESSED_BYTES: "1000000" };
    ({ app } = buildTestApp({ commit, settings }));
  });
  after(async () => {
    await app?.close();
    await influx?.stop();
  });

  for (const [index, vector] of VECTORS.entries()) {
    const difference = DIFFERENCES.get(vector.name);
    test(`${vector.name}${difference ? `, but differs: ${difference.why}` : ""}`, async () => {
      const atInflux = await outcomeAtInflux(influx, `vector${index}`, vector);
      const atFlux = await outcomeAtFlux(app, vector);
      if (difference) {
        assert.deepEqual(atInflux, difference.atInflux);
        assert.notDeepEqual(atFlux, atInflux, "no difference any more");
      } else {
        assert.deepEqual(atFlux, atInflux);
      }
    });
  }

  test("every difference in the list is one of a vector", () => {
    const names = new Set(VECTORS.map(({ name }) => name));
    assert.deepEqual(
      [...DIFFERENCES.keys()].filter((name) => !names.has(name)),
      [],
    );
  });

  test("a line without a time gets that of its arrival, cut to the precision", async () => {
    for (const precision of ["ns", "ms", "s", "m", "h"] as const) {
      const database = `now_${precision}`;
      await influx.createDatabase(database);
      const beforeMs = Date.now();
      await writeTo(influx, database, { name: precision, body: Buffer.from("m v=1"), precision });
      const afterMs = Date.now();
      const [sample] = await influx.readAll(database);
      const storedMs = Number((sample?.timestampNs ?? 0n) / 1_000_000n);
      assert.equal(storedMs % UNIT_MS[precision], 0, precision);
      const earliestMs = truncateToPrecision(beforeMs, precision);
      assert.ok(earliestMs <= storedMs && storedMs <= truncateToPrecision(afterMs, precision), precision);
    }
  });

  test("random points come to the same", async () => {
    const random = createRandom();
    const points = Array.from({ length: 500 }, (_, i) => numberedPoint(random, i)).filter(
      (point) => !hasDisputedName(point),
    );
    assert.ok(points.length > 200, `${points.length} points`);
    const lines = points.map((point) => encodePoint(random, point, ["\n"]));
    const vector = { name: "random", body: Buffer.from(lines.join("")), precision: "ms" };
    const atInflux = await outcomeAtInflux(influx, "random", vector);
    assert.equal(atInflux[0], "204", `seed ${random.seed}`);
    assert.deepEqual(await outcomeAtFlux(app, vector), atInflux, `seed ${random.seed}`);
  });

  test("random lines that are mostly wrong are refused by both or by none", async () => {
    const random = createRandom();
    await influx.createDatabase("wrong");
    for (let round = 0; round < 500; round++) {
      const line = random.pick(FRAMES)(randomText(random, WRONG_PIECES, 0));
      if (isDisputed(line)) {
        continue;
      }
      const vector = { name: line, body: Buffer.from(line) };
      const { status, text } = await writeTo(influx, "wrong", vector);
      // Of lines that may be anything, fields of one name may be of several types.
      if (!text.includes("field type conflict")) {
        const [atFlux = ""] = await outcomeAtFlux(app, vector);
        assert.equal(atFlux.slice(0, 3), String(status), `${JSON.stringify(line)}, seed ${random.seed}`);
      }
    }
  });
});

/** A point with a measurement of its own, so that no two are the same, and one that InfluxQL can name. */
function numberedPoint(random: Random, index: number): RandomPoint {
  const point = randomPoint(random);
  const measurement = `${index}${point.measurement.replaceAll("\r", "")}`;
  return { ...point, measurement, timestampMs: TIMESTAMP_MS + random.below(1_000_000) };
}

const WRONG_PIECES: Texts = ["true", "\n", ...'mv11i===,,  "\\#-.eé\tT0'];
const FRAMES: readonly [(text: string) => string, ...((text: string) => string)[]] = [
  (text) => text,
  (text) => `m v=${text}`,
  (text) => `m,a=${text} v=1`,
  (text) => `m,${text}=b v=1`,
  (text) => `m v=1 ${text}`,
  (text) => `m ${text}=1`,
  (text) => `${text} v=1`,
  (text) => `m s="${text}",v=1`,
];

/**
 * Whether a line may have something that InfluxDB 1.6 reads in a way of its own, and other parsers in theirs: a tag
 * without a value, a value that begins with `=`, an escaped newline, two backslashes outside of strings, text after a
 * string, and an empty field key after a tab.
 */
function isDisputed(line: string): boolean {
  return /=[ ,]|==|\\\n|\\\\|"[^,\s]|\t=/.test(line);
}

/** Whether a name, once escaped, has two backslashes. */
function hasDisputedName({ measurement, tags, fields }: RandomPoint): boolean {
  return [measurement, ...tags.flat(), ...fields.map(({ name }) => name)].some((name) => /\\[\\,= ]/.test(name));
}

async function outcomeAtInflux(influx: InfluxDb, database: string, vector: Vector): Promise<Outcome> {
  await influx.createDatabase(database);
  const { status, text } = await writeTo(influx, database, vector);
  const points = (await influx.readAll(database)).map(({ measurement, tags, field, value, timestampNs }) => {
    const number = typeof value === "boolean" ? Number(value) : value;
    return pointText(measurement, Object.entries(tags), field, number, Number(timestampNs / 1_000_000n));
  });
  return [verdict(status, text), ...points.sort()];
}

async function writeTo(influx: InfluxDb, database: string, vector: Vector): Promise<{ status: number; text: string }> {
  const { query, headers } = requestParts(database, vector);
  const body = new Uint8Array(vector.body);
  const response = await fetch(`${influx.url}/write?${query}`, { method: "POST", headers, body });
  return { status: response.status, text: await response.text() };
}

async function outcomeAtFlux(app: FastifyInstance, vector: Vector): Promise<Outcome> {
  const { query, headers } = requestParts("x", vector);
  const sender = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" };
  const url = `/write?${query}`;
  const answer = await app.inject({ method: "POST", url, headers: { ...headers, ...sender }, payload: vector.body });
  const precision = parsePrecision(query.get("precision"), "v1");
  if (!precision.ok) {
    return [verdict(answer.statusCode, answer.body)];
  }
  const adapter = adapterOf({ query, headers });
  const points = [...parseLines(vector.body, { precision: precision.precision, adapter })].flatMap((line) => {
    if (!line.ok) {
      return [];
    }
    const { measurement, tags, fields, timestampMs = Date.now() } = line.point;
    return fields.map(({ name, value }) => pointText(measurement, tags, name, value, timestampMs));
  });
  return [verdict(answer.statusCode, answer.body), ...points.sort()];
}

/** The request that brings a vector; to the adapter's belongs what tells that it is one. */
function requestParts(database: string, { precision, adapter }: Vector) {
  const own: Record<string, string> = adapter === "v1" ? { consistency: "", rp: "autogen" } : {};
  const query = new URLSearchParams({ db: database, ...(precision !== undefined && { precision }), ...own });
  const headers: Record<string, string> = adapter === "v1" ? { "user-agent": "InfluxDBClient" } : {};
  return { query, headers };
}

const FIRST_REFUSAL =
  /^(partial write: )?unable to parse '.*?': (.*?)(?: dropped=0| \((?:first at|\d+ refused).*|\n.*)?$/s;

/** The status, and what is wrong with the first line that is refused. */
function verdict(status: number, body: string): string {
  if (status === 204) {
    return "204";
  }
  const message: string = JSON.parse(body).error;
  const [, partial = "", reason = message] = FIRST_REFUSAL.exec(message) ?? [];
  return `${status} ${partial}${reason}`;
}

const HOUR_MS = 3_600_000;

/** The present is the same for all who read a line within an hour. */
function pointText(
  measurement: string,
  tags: readonly (readonly [string, string])[],
  field: string,
  value: string | number,
  timestampMs: number,
): string {
  const tagText = tags.map(([name, tag]) => `${name}=${JSON.stringify(tag)}`).sort();
  const time = Math.abs(Date.now() - timestampMs) <= HOUR_MS ? "now" : timestampMs;
  return `${measurement}{${tagText}} ${field}=${Object.is(value, -0) ? "-0" : JSON.stringify(value)}@${time}`;
}
