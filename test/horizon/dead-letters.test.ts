import assert from "node:assert/strict";
import { test } from "node:test";
import { deadBlockFields, refusedFields } from "../../services/horizon/dead-letters.ts";
import { knownSeries } from "./support/known-series.ts";

const pairs = (fields: readonly string[]) =>
  Object.fromEntries(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1]]] : [])));

test("a dead block says why, when and whose it was, as far as that can be read", () => {
  assert.deepEqual(pairs(deadBlockFields("checksum_mismatch", 5, undefined)), {
    reason: "checksum_mismatch",
    at_ms: "5",
    tenant: "",
    server: "",
  });
  const owner = { tenant: "t1", server: "s1", namespace: "n" };
  assert.equal(pairs(deadBlockFields("unknown_series", 5, owner))["server"], "s1");
});

test("refused samples keep their bits", () => {
  const series = knownSeries(255n, { __name__: "m", _tenant_id: "t1", a: 'x"y' });
  const samples = [
    { timestampMs: -1, bits: 0x7ff0000000000002n },
    { timestampMs: 2, bits: 0n },
  ];
  assert.deepEqual(pairs(refusedFields("victoriametrics", 9, { series, tenant: "t1", detail: "400 no", samples })), {
    reason: "refused_by_store",
    at_ms: "9",
    tenant: "t1",
    sink: "victoriametrics",
    detail: "400 no",
    series_id: "00000000000000ff",
    labels: 'm{_tenant_id="t1",a="x\\"y"}',
    samples: '[[-1,"7ff0000000000002"],[2,"0000000000000000"]]',
  });
});
