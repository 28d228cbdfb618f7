import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { injectOwner, tidyLabels } from "../../services/flux/intake/series-check.ts";
import { SKYLINE_FORMAT } from "../../services/flux/skyline-format.ts";
import { skylineMember, skylineMetric } from "../../services/flux/skyline-member.ts";
import type { LabelSet } from "../../services/shared/series.ts";
import { createRandom } from "../support/random.ts";
import { readSkylineMember } from "../support/skyline-reader.ts";

const owner = { tenant: "netflix", server: "s" };
const sample = { timestampMs: 100, value: 1 };

/** The labels of a series as Flux has them when it stores it; undefined where it refuses them in any format. */
function labelsOf(own: Readonly<Record<string, string>>, of = owner): LabelSet | undefined {
  const tidy = tidyLabels(Object.entries(own).map(([name, value]) => ({ name, value })));
  return tidy.ok ? injectOwner(tidy.labels, of.tenant, of.server) : undefined;
}

function memberOf(own: Readonly<Record<string, string>>, of = owner, at = sample): string {
  return skylineMember(of, at, skylineMetric(labelsOf(own, of) ?? []));
}

function refusal(own: Readonly<Record<string, string>>, of = owner): string {
  const fits = SKYLINE_FORMAT.checkSeries(labelsOf(own, of) ?? [], of);
  return fits.ok ? "" : `${fits.reason}: ${fits.detail}`;
}

describe("a member of Skyline's set", () => {
  test("is the one that Skyline's own Flux was seen to write", () => {
    const labels = { __name__: "up", instance: "a:1", job: "node" };
    assert.equal(
      memberOf(labels, { tenant: "1", server: "2" }, { timestampMs: 1_795_227_065_503, value: 1 }),
      '1 2 1795227065503 1.0 up{_tenant_id="1",_server_id="2",instance="a:1",job="node"}',
    );
  });

  const values: [value: number, text: string][] = [
    [1, "1.0"],
    [0, "0.0"],
    [-0, "-0.0"],
    [1e21, "1e+21"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1.5e-9, "1.5e-09"],
    [Number.POSITIVE_INFINITY, "inf"],
    [Number.NEGATIVE_INFINITY, "-inf"],
  ];
  for (const [value, text] of values) {
    test(`holds the value ${value} as ${text}`, () => {
      const member = memberOf({ __name__: "up" }, owner, { timestampMs: 100, value });
      assert.equal(member, `netflix s 100 ${text} up{_tenant_id="netflix",_server_id="s"}`);
      assert.ok(Object.is(readSkylineMember(member).value, value));
    });
  }

  const metrics: [what: string, labels: Readonly<Record<string, string>>, rest: string][] = [
    ["no trailing comma where no other labels are", { __name__: "up" }, ""],
    [
      "labels in byte order, as Prometheus sends them",
      { __name__: "up", b: "1", Z: "2", a: "3" },
      ',Z="2",a="3",b="1"',
    ],
    ["spaces and commas as they are", { __name__: "up", a: "x, y  z" }, ',a="x, y  z"'],
    ["backslash, quote and newline escaped", { __name__: "up", a: '\\ " \n' }, ',a="\\\\ \\" \\n"'],
    ["what makes Skyline's reader hang when it is not escaped", { __name__: "up", a: 'x"}y' }, ',a="x\\"}y"'],
    ["brackets and equals signs as they are", { __name__: "up", a: "{b=c}" }, ',a="{b=c}"'],
    ["names that Prometheus before version 3 did not know in quotes", { __name__: "up", "a.b": "1" }, ',"a.b"="1"'],
  ];
  for (const [what, labels, rest] of metrics) {
    test(`holds ${what}`, () => {
      const member = memberOf(labels);
      assert.equal(member, `netflix s 100 1.0 up{_tenant_id="netflix",_server_id="s"${rest}}`);
      const { __name__: name, ...others } = labels;
      const read = { tenant: "netflix", server: "s", timestampMs: 100, value: 1, name };
      assert.deepEqual(readSkylineMember(member), {
        ...read,
        labels: { _tenant_id: "netflix", _server_id: "s", ...others },
      });
    });
  }
});

describe("Skyline's format refuses a series", () => {
  test("that is longer than Skyline takes, in characters as Python counts them", () => {
    const room = 4096 - 'up{_tenant_id="netflix",_server_id="s",a=""}'.length;
    assert.equal(refusal({ __name__: "up", a: "x".repeat(room) }), "");
    assert.equal(refusal({ __name__: "up", a: "😀".repeat(room) }), "");
    assert.match(refusal({ __name__: "up", a: "x".repeat(room + 1) }), /^series_too_long: .* at most 4096 characters/);
    assert.match(refusal({ __name__: "up", a: "😀".repeat(room + 1) }), /^series_too_long: /);
    assert.match(refusal({ __name__: "up", a: '"'.repeat(room) }), /^series_too_long: /, "escapes count too");
  });

  test("whose metric name holds a {", () => {
    assert.match(refusal({ __name__: "a{b" }), /^not_readable_by_skyline: the metric name holds a \{/);
    assert.throws(() => readSkylineMember(memberOf({ __name__: "a{b" })));
    assert.throws(() => readSkylineMember(memberOf({ __name__: "a{}" })), /hangs/);
  });

  test("with a label that begins with __", () => {
    assert.match(
      refusal({ __name__: "up", __replica__: "r1" }),
      /^not_readable_by_skyline: .* begins with __.*__replica__/,
    );
    assert.throws(() => readSkylineMember(memberOf({ __name__: "up", __replica__: "r1" })), /reserved/);
  });

  test("in which the reader would find the head of a member, and cut it out with half an escape", () => {
    const value = '\netflix s 100 1.0 "}';
    assert.match(refusal({ __name__: "up", a: value }), /^not_readable_by_skyline: /);
    assert.throws(() => readSkylineMember(memberOf({ __name__: "up", a: value })), /hangs/);
    for (const head of ["netflix s 5 inf ", "netflix s -5 -1.5e-09 ", "netflix s 5 1e+21 ", "netflix s 5 10.25 "]) {
      assert.match(refusal({ __name__: "up", a: head }), /^not_readable_by_skyline: /, head);
    }
  });

  test("and no other", () => {
    assert.equal(refusal({ __name__: "up", a: "netflix s 5 apples" }), "");
    assert.equal(refusal({ __name__: "up", a: "1 2 3 4 5" }, { tenant: "1", server: "2" }), "");
    assert.equal(refusal({ __name__: "up", a: "axb s 5 1.0 " }, { tenant: "a.b", server: "s" }), "");
    assert.match(refusal({ __name__: "up", a: "a.b s 5 1.0 " }, { tenant: "a.b", server: "s" }), /^not_readable/);
  });
});

test("whatever is not refused, Skyline's reader reads back as it was sent", () => {
  const random = createRandom();
  const parts = [
    '"',
    "\\",
    "\n",
    "}",
    "{",
    ",",
    "=",
    " ",
    "a",
    "n",
    "é",
    "😀",
    "\t",
    "__",
    "etflix s 100 1.0 ",
  ] as const;
  const text = (longest: number) => Array.from({ length: random.below(longest) }, () => random.pick(parts)).join("");
  let accepted = 0;
  for (let i = 0; i < 5000; i++) {
    const own = { __name__: `m${random.below(3) === 0 ? text(4) : ""}`, [`l${text(3)}`]: text(9), [text(5)]: text(9) };
    const labels = labelsOf(own);
    if (labels && SKYLINE_FORMAT.checkSeries(labels, owner).ok) {
      accepted++;
      const { name, labels: read } = readSkylineMember(skylineMember(owner, sample, skylineMetric(labels)));
      const want = Object.fromEntries(labels.map((label) => [label.name, label.value]));
      assert.deepEqual({ __name__: name, ...read }, want, `seed ${random.seed}`);
    }
  }
  assert.ok(accepted > 1000, `seed ${random.seed}: only ${accepted} of 5000 were accepted`);
});
