import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldRules } from "../../../services/flux/formats/field-sample.ts";
import type { LineOptions } from "../../../services/flux/formats/line-protocol.ts";
import { formatSample, readInflux } from "../../support/read-influx.ts";

function read(body: string, options: Partial<FieldRules & LineOptions>) {
  const { samples, payload } = readInflux(body, { precision: "ms", ...options });
  const { skippedStringFields, joinedTags, faults } = payload;
  return { stored: samples.map((sample) => formatSample(sample)), skippedStringFields, joinedTags, faults };
}

test("strings whose whole text is a number are samples where that is asked for, others are left out", () => {
  const numbers = ["12.5", "-1", "1e3", ".5", "007"].map((text, i) => `n${i}="${text}"`);
  const texts = ["", "12i", "0x10", "NaN", "Inf", "1e309", "1 ", "+1", "true", "1,5"].map(
    (text, i) => `t${i}="${text}"`,
  );
  const { stored, skippedStringFields, faults } = read(`m,host=a ${[...numbers, ...texts].join(",")},f=2 5`, {
    stringFields: "number",
  });
  assert.deepEqual(stored, [
    'm_n0{host="a"} 12.5 @5',
    'm_n1{host="a"} -1 @5',
    'm_n2{host="a"} 1000 @5',
    'm_n3{host="a"} 0.5 @5',
    'm_n4{host="a"} 7 @5',
    'm_f{host="a"} 2 @5',
  ]);
  assert.deepEqual([skippedStringFields, faults], [texts.length, 0]);
});

test("strings are labels of a sample of value 1 where that is asked for", () => {
  const body = 'device,host=a os="Debian \\"12\\"",os.version="1.2",value="on",load=0.5 5\n';
  const { stored, skippedStringFields } = read(body, { stringFields: "info" });
  assert.deepEqual(stored, [
    'device_os_info{host="a",os="Debian \\"12\\""} 1 @5',
    'device_os_version_info{host="a",os_version="1.2"} 1 @5',
    'device_info{host="a",value="on"} 1 @5',
    'device_load{host="a"} 0.5 @5',
  ]);
  assert.equal(skippedStringFields, 0);
});

test("texts that tell nothing of a series, or too much, are left out and counted", () => {
  const body = `m empty="",long="${"x".repeat(257)}",umlauts="${"ü".repeat(129)}",__own="x",--name--="x",fits="${"x".repeat(256)}" 5`;
  const { stored, skippedStringFields } = read(body, { stringFields: "info" });
  assert.deepEqual(stored, [`m_fits_info{fits="${"x".repeat(256)}"} 1 @5`]);
  assert.equal(skippedStringFields, 5);
  assert.deepEqual(read('m 温度="x" 5', { stringFields: "info" }).stored, ['m____info{__="x"} 1 @5']);
});

test("a text is joined to the tag that has its label already, and counted", () => {
  const { stored, joinedTags } = read('m,a-b=tag,c=1 a_b="text",a.b="other" 5', { stringFields: "info" });
  assert.deepEqual(stored, ['m_a_b_info{a_b="tag;text",c="1"} 1 @5', 'm_a_b_info{a_b="tag;other",c="1"} 1 @5']);
  assert.equal(joinedTags, 2);
});

test("a prefix stands before every name and is made a legal one", () => {
  const body = 'cpu value=1,idle=2 5\n5m,1=a v=3,s="x" 5\n';
  const { stored } = read(body, { prefix: "tele-graf", stringFields: "info" });
  assert.deepEqual(stored, [
    "tele_graf_cpu 1 @5",
    "tele_graf_cpu_idle 2 @5",
    'tele_graf_5m_v{_1="a"} 3 @5',
    'tele_graf_5m_s_info{_1="a",s="x"} 1 @5',
  ]);
  assert.deepEqual(read("cpu value=1 5", { prefix: "1st" }).stored, ["_1st_cpu 1 @5"]);
});

test("Prometheus' own names get a prefix too, and are not changed otherwise", () => {
  for (const adapter of ["v1", "v2"] as const) {
    const { stored } = read("job:up.x,a=b value=1 5\n", { prefix: "1 st", adapter });
    assert.deepEqual(stored, ['_1_st_job:up.x{a="b"} 1 @5']);
  }
});
