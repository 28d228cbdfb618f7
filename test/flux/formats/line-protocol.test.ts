import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Adapter } from "../../../services/flux/formats/influx-adapter.ts";
import { type Precision, parsePrecision } from "../../../services/flux/formats/influx-precision.ts";
import { parseLines } from "../../../services/flux/formats/line-protocol.ts";
import { formatSample, NOW_MS, readInflux } from "../../support/read-influx.ts";

/*
 * What a gateway makes of line protocol, case by case: where InfluxDB 1.x, the codec of 2.x and VictoriaMetrics
 * differ, the table says what is right here. `T` stands for a timestamp in nanoseconds, and samples without @ have it.
 */

const T = "1732147200000000000";
const T_MS = 1732147200000;

interface Options {
  readonly precision?: Precision;
  readonly adapter?: Adapter;
}

/** @param want samples, and `E <fault>` for faulty lines after them. */
function check(body: string | Buffer, want: readonly string[], options: Options = {}): void {
  const bytes = typeof body === "string" ? Buffer.from(body.replaceAll(/\bT\b/g, T)) : body;
  const { samples, payload } = readInflux(bytes, options);
  const stored = samples.map((sample) => formatSample(sample, sample.timestampMs === T_MS));
  const faults = payload.invalid.map(({ detail }) => `E ${detail.replace(/^unable to parse '.*': /s, "")}`);
  assert.deepEqual([...stored, ...faults], want);
}

/** One field's text: stored as this number, or a fault. */
function checkValue(text: string, want: number | string): void {
  const outcome = typeof want === "number" ? `m_v ${Object.is(want, -0) ? "-0" : want}` : `E ${want}`;
  check(Buffer.from(`m v=${text} ${T}`), [outcome]);
}

describe("line protocol, case by case", () => {
  const cases: readonly (readonly [name: string, body: string, want: readonly string[], options?: Options])[] = [
    ["1: a whole line", "cpu,host=a value=1 T", ['cpu{host="a"} 1']],
    ["2: no timestamp is now", "cpu,host=a value=1", [`cpu{host="a"} 1 @${NOW_MS}`]],
    ["3: now is cut to seconds", "m v=1", ["m_v 1 @1732151001000"], { precision: "s" }],
    ["3: now is cut to hours", "m v=1", ["m_v 1 @1732150800000"], { precision: "h" }],
    ["4: CR LF after a timestamp", "cpu v=1 T\r\n", ["cpu_v 1"]],
    ["5: CR LF after a value", "cpu v=1\r\n", [`cpu_v 1 @${NOW_MS}`]],
    ["6: blank CR LF lines", "\r\n\r\n", []],
    ["7: blank lines between", "\n\na v=1 T\n\n   \nb v=2 T\n\n", ["a_v 1", "b_v 2"]],
    ["8: comments", '# x "y\n  # z\nm v=1 T', ["m_v 1"]],
    ["9: only a comment", "#", []],
    ["9: nothing", "", []],
    ["10: # inside a name", "a#b v=1 T", ["a_b_v 1"]],
    ["11: spaces before", "  cpu v=1 T", ["cpu_v 1"]],
    ["12: a tab before", "\tcpu v=1 T", ["cpu_v 1"]],
    ["13: many spaces between", "cpu,h=a   v=1   T", ['cpu_v{h="a"} 1']],
    ["14: spaces after a timestamp", "cpu v=1 T  ", ["cpu_v 1"]],
    ["15: spaces after a value", "cpu v=1   ", [`cpu_v 1 @${NOW_MS}`]],
    ["16: tabs do not separate", "cpu\tv=1\tT", ["E missing fields"]],
    ["17: a tab before a timestamp", "m v=1\tT", ["E invalid number"]],
    ["18: an empty tag value", "cpu,host= v=1 T", ["cpu_v 1"]],
    ["19: an empty tag key", "cpu,=x v=1 T", ["E missing tag key"]],
    ["20: a tag without =", "cpu,host v=1 T", ["E missing tag value"]],
    ["21: a comma too much after tags", "cpu,host=a, v=1 T", ["E missing tag key"]],
    ["21: a comma too much after the name", "cpu, v=1 T", ["E missing tag key"]],
    ["22: a tag twice, same value", "cpu,a=1,a=1 v=1 T", ["E duplicate tags"]],
    ["23: a tag twice", "cpu,a=1,b=2,a=3 v=1 T", ["E duplicate tags"]],
    ["24: a field twice", "cpu v=1,v=2 T", ["cpu_v 2"]],
    ["25: tags come out sorted", "cpu,z=1,a=2 v=1 T", ['cpu_v{a="2",z="1"} 1']],
    ["26: an escaped comma in a name", "c\\,pu v=1 T", ["c_pu_v 1"]],
    ["26: an escaped space in a name", "c\\ pu v=1 T", ["c_pu_v 1"]],
    ["27: an escaped = in a name", "c\\=pu v=1 T", ["c_pu_v 1"]],
    ["28: a bare = in a name", "c=pu v=1 T", ["c_pu_v 1"]],
    ["29: all escapes of a tag", "m,ta\\,g\\ k\\=y=v\\ a\\,l\\=ue v=1 T", ['m_v{ta_g_k_y="v a,l=ue"} 1']],
    ["30: a bare = in a tag value", "m,t=a=b v=1 T", ["E invalid tag format"]],
    ["31: escapes of a field key", "m f\\ i\\,e\\=ld=1 T", ["m_f_i_e_ld 1"]],
    ["32: other backslashes stay", "m,t=a\\b\\d v=1 T", ['m_v{t="a\\\\b\\\\d"} 1']],
    ["33: two backslashes stay two", "m,t=a\\\\b v=1 T", ['m_v{t="a\\\\\\\\b"} 1']],
    ["34: a backslash ends a value", "m,t=C:\\ v=1 T", ["E invalid tag format"]],
    [
      "34: the same of the later adapter",
      "m,t=C:\\ value=1 5",
      ['m{t="C:\\\\"} 1 @5'],
      { precision: "ms", adapter: "v2" },
    ],
    [
      "34: the same of the older adapter",
      "m,t=C:\\ value=1 5",
      ['m{t="C:\\\\"} 1 @5'],
      { precision: "ms", adapter: "v1" },
    ],
    ["35: two backslashes end a value", "m,t=C:\\\\ v=1 T", ["E invalid tag format"]],
    ["36: a backslash before the next tag", "m,path=C:\\,z=1 v=1 T", ["E invalid tag format"]],
    [
      "36: the same of the later adapter",
      "m,path=C:\\,z=1 value=1 5",
      ['m{path="C:\\\\",z="1"} 1 @5'],
      { precision: "ms", adapter: "v2" },
    ],
    ["37: a backslash ends the name", "m\\ v=1 T", ["E invalid field format"]],
    ["38: quotes do not hold a tag together", 'm,t="q v" v=1 T', ["E invalid field format"]],
    ["39: quotes in a tag value", 'm,t="qv" v=1 T', ['m_v{t="\\"qv\\""} 1']],
    ["39: quotes in a name", '"m" v=1 T', ["_m__v 1"]],
    ["39: quotes in a field key", 'm "v"=1 T', ["m__v_ 1"]],
    ["40: a quote in a tag ends with the line", 'm,t=a" v=1 T\nn v=2 T', ['m_v{t="a\\""} 1', "n_v 2"]],
    ["61: a string", 'm v="true" T', []],
    ["61: an empty string", 'm v="" T', []],
    ["61: a string with separators", 'm v="hello, w=x y" T', []],
    ["64: a string over two lines", 'm v="a\nb" T\nn v=1 T', ["n_v 1"]],
    ["65: separators in a string", 'm a="x,y=1",b=2 T', ["m_b 2"]],
    ["65: an escaped backslash ends a string", 'm a="x\\\\",b=2 T', ["m_b 2"]],
    ["66: an escaped quote ends no string", 'm a="x\\" T', ["E unbalanced quotes"]],
    ["66: a string without an end spares other lines", 'm v="abc T\nn v=1 T', ["n_v 1", "E unbalanced quotes"]],
    ["67: text after a string", 'm v="a"b T', ["E invalid field format"]],
    ["68: a number in quotes is a string", 'm v="12.5" T', []],
    ["69: no value", "m v= T", ["E missing field value"]],
    ["69: no field key", "m =1 T", ["E missing field key"]],
    ["69: a space after a comma", "m a=1, b=2 T", ["E invalid field format"]],
    ["70: no fields", "m,a=b T", ["E invalid field format"]],
    ["70: a comma before the timestamp", "m v=1, T", ["E invalid field format"]],
    ["71: no name", ",a=b v=1 T", ["E missing measurement"]],
    ["72: before 1970", "m v=1 -1000000000", ["m_v 1 @-1000"]],
    ["73: 1970", "m v=1 0", ["m_v 1 @0"]],
    ["74: a fraction", "m v=1 1732147200.5", ["E bad timestamp"]],
    ["74: an exponent", "m v=1 1.7e18", ["E bad timestamp"]],
    ["74: a word", "m v=1 now", ["E bad timestamp"]],
    ["74: a plus", "m v=1 +1732147200000000000", ["E bad timestamp"]],
    ["75: two timestamps", "m v=1 T 5", ["E point is invalid"]],
    ["76: the last nanosecond", "m v=1 9223372036854775806", ["m_v 1 @9223372036854"]],
    ["76: one after the last", "m v=1 9223372036854775807", ["E time outside range"]],
    ["76: beyond 64 bits", "m v=1 9223372036854775808", ["E time outside range"]],
    ["76: leading zeros do not count", "m v=1 00000000001732147200000000000", ["m_v 1"]],
    ["77: too many milliseconds", "m v=1 9223372036855", ["E time outside range"], { precision: "ms" }],
    ["78: microseconds", "m v=1 1732147200000000", ["m_v 1"], { precision: "us" }],
    ["79: minutes", "m v=1 28869120", ["m_v 1"], { precision: "m" }],
    ["79: hours", "m v=1 481152", ["m_v 1"], { precision: "h" }],
    ["81: nothing is guessed from the size", "m v=1 1732147200123", ["m_v 1 @1732147"]],
    ["a time under a millisecond", "m v=1 9999\nm v=2 -9999", ["m_v 1 @0", "m_v 2 @0"]],
    ["82: a bad line spares the others", "a v=1 T\nbad\nb v=2 T", ["a_v 1", "b_v 2", "E missing fields"]],
    [
      "83: a bad field takes its line along",
      "a v=1 T\ncpu,host=b value1=1,value2=+Inf,value3=3 T\nb v=2 T",
      ["a_v 1", "b_v 2", "E invalid boolean"],
    ],
    ["84: types may differ", "tc v=1 T\ntc v=2i T", ["tc_v 1", "tc_v 2"]],
    ["85: not ASCII", "grüße,wo=köln☃ wärme=1 T", ['gr__e_w_rme{wo="köln☃"} 1']],
    ["85: one _ for an emoji", "a😀b,t😀=😀 v=1 T", ['a_b_v{t_="😀"} 1']],
    ["87: NUL in a tag", "m,t=a\0b v=1 T", ["E a NUL byte"]],
    ["88: a byte order mark", "\ufeffm v=1 T", ["m_v 1"]],
    ["89: a long key", `m,t=${"x".repeat(65_600)} v=1 T`, ["E max key length exceeded"]],
    ["89: a long field key", `m ${"x".repeat(65_531)}=1 T`, ["E max key length exceeded"]],
    ["90: a tag __name__", "m,__name__=evil v=1 T", ["m_v 1"]],
    ["90: a tag that becomes __name__", "m,--name--=evil v=1 T", ["m_v 1"]],
    ["91: a tag db", "m,db=mine v=1 T", ['m_v{db="mine"} 1']],
    ["92: colons stay", "job:rate:5m,job=x value=0.5 T", ['job:rate:5m{job="x"} 0.5']],
    [
      "93: a newline in a label",
      "nl,msg=a\nb value=3 5\n",
      ['nl{msg="a\\nb"} 3 @5'],
      { precision: "ms", adapter: "v1" },
    ],
    ["94: blank lines of the later adapter", "a value=1 T\n\nb value=2 T\n", ["a 1", "b 2"], { adapter: "v2" }],
    ["95: name and field that come out the same", "m_a b=1 T\nm a_b=2 T", ["m_a_b 1", "m_a_b 2"]],
    ["no string begins after an escaped =", 'm k\\="x=1 T\nn v=2 T\no s="" T', ["m_k__x 1", "n_v 2"]],
    ["a comment that looks like an adapter's record", "# a value=1 5\n", [], { precision: "ms", adapter: "v1" }],
    ["a leading digit", "5m,1t=a v=1 T", ['_5m_v{_1t="a"} 1']],
  ];
  for (const [name, body, want, options] of cases) {
    test(name, () => check(body, want, options));
  }

  test("86: bytes that are not UTF-8", () => {
    const bytes = Buffer.from(`a v=1 ${T}\nm,t=\xff\xfe v=1 ${T}\nb v=2 ${T}`, "latin1");
    check(bytes, ["a_v 1", "b_v 2", "E invalid UTF-8"]);
  });

  test("80: a precision that is none is refused, in the words of the dialect", () => {
    for (const given of ["xyz", "MS", "ns ", "auto"]) {
      const v1 = parsePrecision(given, "v1");
      assert.ok(!v1.ok && v1.code === "bad_precision" && v1.detail.startsWith("invalid precision"));
    }
    const v2 = parsePrecision("xyz", "v2");
    assert.equal(v2.ok || v2.detail, "invalid precision; valid precision units are ns, us, ms, and s");
  });

  test("the precisions of both dialects are taken in both", () => {
    const units = [null, "", "n", "ns", "u", "us", "µ", "μ", "ms", "s", "m", "h"].map((given) => {
      const read = parsePrecision(given, "v2");
      return read.ok && read.precision;
    });
    assert.deepEqual(units, ["ns", "ns", "ns", "ns", "us", "us", "us", "us", "ms", "s", "m", "h"]);
  });
});

describe("values of line protocol", () => {
  const cases: readonly (readonly [text: string, want: number | string])[] = [
    ["42i", 42],
    ["-42i", -42],
    ["-0i", 0],
    ["9223372036854775807i", 2 ** 63],
    ["-9223372036854775808i", -(2 ** 63)],
    ["9223372036854775808i", "unable to parse integer: value out of range"],
    ["-9223372036854775809i", "unable to parse integer: value out of range"],
    ["0009223372036854775807i", 2 ** 63],
    ["1.0i", "invalid number"],
    ["-i", "invalid number"],
    ["i", "invalid boolean"],
    ["truei", "invalid boolean"],
    ["42u", 42],
    ["18446744073709551615u", 2 ** 64],
    ["18446744073709551616u", "unable to parse unsigned: value out of range"],
    ["-1u", "invalid number"],
    ["+1", "invalid boolean"],
    ["+1i", "invalid boolean"],
    ["1e3", 1000],
    ["1E+3", 1000],
    ["-1.5e-2", -0.015],
    ["1.e5", 1e5],
    [".5", 0.5],
    ["5.", 5],
    [".", "invalid number"],
    ["-", "invalid number"],
    ["1e", "invalid number"],
    ["1e+", "invalid number"],
    ["1.1.1", "invalid number"],
    ["007", 7],
    ["0x10", "invalid number"],
    ["NaN", "invalid number"],
    ["nan", "invalid number"],
    ["Inf", "invalid boolean"],
    ["+Inf", "invalid boolean"],
    ["-Inf", "invalid number"],
    ["1e309", "invalid float"],
    ["1e-400", 0],
    ["-0", -0],
    ["1000000000000000000000", 1e21],
    ...["t", "T", "true", "True", "TRUE"].map((word) => [word, 1] as const),
    ...["f", "F", "false", "False", "FALSE"].map((word) => [word, 0] as const),
    ...["tRUE", "tr", "abc", "'x'"].map((word) => [word, "invalid boolean"] as const),
  ];
  for (const [text, want] of cases) {
    test(`${text} is ${typeof want === "number" ? "taken" : "refused"}`, () => checkValue(text, want));
  }
});

test("strings are read with their escapes, other backslashes stay", () => {
  const texts = ['"a\\"b\\\\c"', '"a\\nb"', '"a\nb"', '""'].map((literal) => {
    const [line] = [...parseLines(Buffer.from(`m v=${literal}`), { precision: "ns", adapter: "none" })];
    return line?.ok ? line.point.fields[0]?.value : line;
  });
  assert.deepEqual(texts, ['a"b\\c', "a\\nb", "a\nb", ""]);
});

test("faults name the number of their line, whatever stands before it, and quote its beginning", () => {
  const body = Buffer.from(`# c\n\nok v="a\nb"\r\n${"x".repeat(200)}\nok v=1\n\nbad,\n`);
  const faults = [...parseLines(body, { precision: "ns", adapter: "none" })].filter((line) => !line.ok);
  assert.deepEqual(
    faults.map(({ lineNumber, line }) => [lineNumber, line]),
    [
      [5, `${"x".repeat(100)}…`],
      [8, "bad,"],
    ],
  );
});
