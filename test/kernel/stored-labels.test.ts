import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadKernel } from "../../services/kernel/load-kernel.ts";
import { createSeriesHasher } from "../../services/shared/series-id.ts";
import { createRandom, type Random } from "../support/random.ts";
import { labelsOneByOne } from "./support/labels-one-by-one.ts";
import { recordRow } from "./support/record-row.ts";
import { requestOf } from "./support/request-of.ts";

const hasher = await createSeriesHasher();
const kernel = loadKernel((error) => assert.fail(String(error)));
const owner = { tenant: "acme", server: "eu-1", ruledLabels: ["monitor", "gr\u00f6\u00dfe"] };

/** Label fields as a sender would write them. */
function fieldsOf(labels: readonly (readonly [name: string, value: string])[]): string {
  return labels.map(([name, value]) => field(1, field(1, name) + (value === "" ? "" : field(2, value)))).join("");
}

function field(number: number, latin1: string): string {
  let length = latin1.length;
  let head = String.fromCharCode(number * 8 + 2);
  for (; length > 127; length >>>= 7) {
    head += String.fromCharCode((length & 127) | 128);
  }
  return head + String.fromCharCode(length) + latin1;
}

/** What the kernel makes of label fields; undefined where it leaves them to the host. */
function made(rawLabels: string, of = owner) {
  return recordRow(kernel, requestOf([rawLabels]), 0, of);
}

function assertMade(rawLabels: string, of = owner): void {
  const stored = made(rawLabels, of);
  assert.ok(stored, `left to the host: ${JSON.stringify(rawLabels)}`);
  assert.deepEqual(stored, labelsOneByOne(rawLabels, of, hasher));
}

describe("the kernel makes the stored labels of", () => {
  const rows: [what: string, labels: [string, string][]][] = [
    ["a metric without further labels", [["__name__", "up"]]],
    [
      "labels in any order",
      Object.entries({ zone: "b", __name__: "up", A: "1", job: "node", _x: "y", aa: "2", a: "3" }),
    ],
    ["labels without a value", Object.entries({ __name__: "up", empty: "", job: "node" })],
    ["labels that only Flux may set", Object.entries({ __name__: "up", _tenant_id: "evil", _server_id: "9", z: "1" })],
    [
      "tenant labels that stand twice",
      [
        ["_tenant_id", "a"],
        ["__name__", "up"],
        ["_tenant_id", "b"],
      ],
    ],
    [
      "names and values of 127, 128 and 16 000 bytes",
      Object.entries({ __name__: "u".repeat(127), ["n".repeat(128)]: "v".repeat(128), z: "v".repeat(16_000) }),
    ],
    [
      "125 labels",
      [["__name__", "up"], ...Array.from({ length: 124 }, (_, i): [string, string] => [`l${i}`, `v${i}`])],
    ],
  ];
  for (const [what, labels] of rows) {
    test(what, () => assertMade(fieldsOf(labels)));
  }

  test("series of any owner", () => {
    const raw = fieldsOf([
      ["__name__", "up"],
      ["_tenant", "x"],
      ["_tenant_id2", "y"],
    ]);
    for (const tenant of ["a", "t".repeat(255)]) {
      for (const server of ["1", "s".repeat(255)]) {
        assertMade(raw, { ...owner, tenant, server });
      }
    }
  });

  test("random labels of every length", () => {
    const random = createRandom();
    for (let i = 0; i < 5000; i++) {
      assertMade(fieldsOf([["__name__", "m"], ...randomLabels(random)]));
    }
  });
});

function randomLabels(random: Random): [string, string][] {
  const labels = new Map<string, string>();
  for (let i = random.below(20); i > 0; i--) {
    const text = (most: number) =>
      Array.from({ length: random.below(most) }, () => random.pick(["a", "_", "Z", "0", " "])).join("");
    labels.set(`l${text(12)}`, text(i === 3 ? 400 : 40));
  }
  return [...labels];
}

describe("the kernel leaves to the host", () => {
  const up: [string, string] = ["__name__", "up"];
  const rows: [what: string, rawLabels: string][] = [
    ["no label at all", ""],
    ["a label that a rule is about", fieldsOf([up, ["monitor", "x"]])],
    ["no metric name", fieldsOf([["job", "node"]])],
    [
      "an empty metric name",
      fieldsOf([
        ["__name__", ""],
        ["job", "node"],
      ]),
    ],
    ["a label that stands twice", fieldsOf([up, ["a", "1"], ["a", "1"]])],
    ["a label that stands twice, once without a value", fieldsOf([up, ["a", ""], ["a", "1"]])],
    ["a label without a name", fieldsOf([up, ["", "1"]])],
    ["a name that is not ASCII", fieldsOf([up, ["gr\xc3\xb6\xc3\x9fe", "1"]])],
    ["a value that is not ASCII", fieldsOf([up, ["a", "gr\xc3\xb6\xc3\x9fe"]])],
    ["a value that is not UTF-8", fieldsOf([up, ["a", "\xff"]])],
    ["126 labels", fieldsOf([up, ...Array.from({ length: 126 }, (_, i): [string, string] => [`l${i}`, "v"])])],
    ["a value of 16 384 bytes", fieldsOf([up, ["a", "v".repeat(16_384)]])],
    ["the value before the name", fieldsOf([up]) + field(1, field(2, "1") + field(1, "a"))],
    ["a name that stands twice in its label", fieldsOf([up]) + field(1, field(1, "a") + field(1, "b"))],
    ["a field that labels do not have", fieldsOf([up]) + field(1, field(1, "a") + field(2, "1") + field(3, "x"))],
    ["a field that is no label", fieldsOf([up]) + field(5, "x")],
    ["a label that is longer than what there is", `${fieldsOf([up])}\x0a\x05\x0a\x01a`],
    ["a name that is longer than its label", fieldsOf([up]) + field(1, "\x0a\x05a")],
    ["a length that does not end", `${fieldsOf([up])}\x0a\x80`],
  ];
  for (const [what, rawLabels] of rows) {
    test(what, () => assert.equal(made(rawLabels), undefined));
  }

  test("every series, where a rule is about a label with a name of more than 255 bytes", () => {
    assert.equal(made(fieldsOf([up]), { ...owner, ruledLabels: ["x".repeat(256)] }), undefined);
    assertMade(fieldsOf([up]), { ...owner, ruledLabels: ["x".repeat(255), "monitors", "monito"] });
  });
});
