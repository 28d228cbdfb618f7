import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStoreAddress } from "../../../../services/horizon/sinks/victoria/store-address.ts";

const CLUSTER = "http://h/insert/{tenant}/prometheus/api/v1/write";
const table: [url: string, writeUrl: string, metricsUrl: string, perTenant: boolean][] = [
  ["http://h:8428", "http://h:8428/api/v1/write", "http://h:8428/metrics", false],
  ["http://h:8428/", "http://h:8428/api/v1/write", "http://h:8428/metrics", false],
  ["https://h/api/v1/push", "https://h/api/v1/push", "https://h/metrics", false],
  ["http://h/api/v1/write?x=1#frag", "http://h/api/v1/write?x=1", "http://h/metrics", false],
  ["http://h/vm/api/v1/write", "http://h/vm/api/v1/write", "http://h/vm/metrics", false],
  [CLUSTER, "http://h/insert/a%2Fb/prometheus/api/v1/write", "http://h/metrics", true],
  ["http://h/w?tenant={tenant}", "http://h/w?tenant=a%2Fb", "http://h/metrics", true],
  ["http://h/insert/0/prometheus/api/v1/write", "http://h/insert/0/prometheus/api/v1/write", "http://h/metrics", false],
];

for (const [url, writeUrl, metricsUrl, perTenant] of table) {
  test(`${url} is written to at ${writeUrl}`, () => {
    const address = parseStoreAddress(url);
    assert.equal(address.writeUrl("a/b"), writeUrl);
    assert.equal(address.metricsUrl, metricsUrl);
    assert.equal(address.perTenant, perTenant);
    assert.equal(address.auth, undefined);
  });
}

test("a tenant with characters that a replacement would read stays as it is", () => {
  assert.equal(parseStoreAddress("http://h/{tenant}/w").writeUrl("$&"), "http://h/%24%26/w");
});

test("user and password are taken out of the URL", () => {
  const address = parseStoreAddress("http://me:p%40ss@h/x");
  assert.deepEqual(address.auth, { username: "me", password: "p@ss" });
  assert.equal(address.writeUrl("t"), "http://h/x");
});
