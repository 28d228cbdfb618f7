import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeLabels, encodeLabels, findLabelValue } from "../../services/shared/label-bytes.ts";
import { decodeRecord, encodeRecord } from "../../services/shared/registry-record.ts";
import { compareUtf8, formatSeriesName, type Label } from "../../services/shared/series.ts";
import { createSeriesHasher, shardOf } from "../../services/shared/series-id.ts";

const labels = (pairs: Record<string, string>): Label[] =>
  Object.entries(pairs).map(([name, value]) => ({ name, value }));

describe("a series name", () => {
  const check = (pairs: Record<string, string>, want: string) => assert.equal(formatSeriesName(labels(pairs)), want);

  test("puts tenant and server first and leaves no comma behind", () => {
    check(
      { __name__: "up", _server_id: "2", _tenant_id: "1", job: "node" },
      'up{_tenant_id="1",_server_id="2",job="node"}',
    );
    check({ __name__: "up", _server_id: "2", _tenant_id: "1" }, 'up{_tenant_id="1",_server_id="2"}');
    check({ __name__: "up" }, "up{}");
  });

  test("escapes backslash, quote and newline, and nothing else", () => {
    check(
      { __name__: "m", a: 'x"}', b: "c:\\d", c: "1\n2", d: "é☃{,}" },
      'm{a="x\\"}",b="c:\\\\d",c="1\\n2",d="é☃{,}"}',
    );
  });
});

test("strings are ordered as their UTF-8 bytes are", () => {
  const strings = ["", "A", "Z", "_", "a", "aa", "b", "é", "☃", "\uffff", "\u{10000}", "\u{1f600}"];
  const byBytes = [...strings].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual([...strings].reverse().sort(compareUtf8), byBytes);
});

describe("label bytes", () => {
  test("give back the labels, long ones too", () => {
    const given = labels({ __name__: "up", a: "é".repeat(5000), b: "x\0y" });
    assert.deepEqual(decodeLabels(encodeLabels(given)), given);
  });

  test("tell apart what concatenation would confuse", () => {
    assert.notDeepEqual(encodeLabels(labels({ a: "bc" })), encodeLabels(labels({ ab: "c" })));
  });

  test("are searched for one label by its whole name", () => {
    const bytes = encodeLabels(labels({ A: "1", __name__: "é".repeat(200), __name__x: "2", b: "__name__" }));
    const find = (name: string) => findLabelValue(bytes, name);
    assert.deepEqual(["A", "__name__", "b"].map(find), ["1", "é".repeat(200), "__name__"]);
    assert.deepEqual(["", "__name", "name__", "c"].map(find), [undefined, undefined, undefined, undefined]);
    assert.equal(findLabelValue(bytes.subarray(0, 100), "__name__"), undefined);
    assert.equal(findLabelValue(bytes.subarray(0, 100), "b"), undefined);
    assert.equal(findLabelValue(Buffer.alloc(0), "A"), undefined);
  });

  test("are refused when cut short or of an odd number of strings", () => {
    const bytes = encodeLabels(labels({ a: "bc" }));
    assert.equal(decodeLabels(bytes.subarray(0, 4)), undefined);
    assert.equal(decodeLabels(bytes.subarray(0, 2)), undefined);
  });
});

describe("a series id", () => {
  test("never changes: keys in the stores carry it (values from another XXH64)", async () => {
    const hasher = await createSeriesHasher();
    const bytes = encodeLabels(labels({ __name__: "up", _server_id: "1", _tenant_id: "demo", job: "node" }));
    assert.equal(hasher.idOf(bytes, 0).toString(16), "47a8c2664ea3f069");
    assert.equal(hasher.idOf(bytes, 1).toString(16), "98ea713ab2fba54b");
  });

  test("decides about the shard, evenly", async () => {
    const hasher = await createSeriesHasher();
    const counts = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 8000; i++) {
      const shard = shardOf(hasher.idOf(encodeLabels(labels({ __name__: "m", i: String(i) })), 0), 8);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    assert.ok(
      counts.every((count) => count > 800 && count < 1200),
      String(counts),
    );
  });
});

test("a registry record gives back labels and type, and is refused when of another version", () => {
  const given = labels({ __name__: "up", job: "node" });
  const record = encodeRecord(given, "counter");
  assert.deepEqual(decodeRecord(record), { type: "counter", labels: given });
  record[0] = 9;
  assert.equal(decodeRecord(record), undefined);
});
