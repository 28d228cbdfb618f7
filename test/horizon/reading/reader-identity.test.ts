import assert from "node:assert/strict";
import { test } from "node:test";
import { identifyReader } from "../../../services/horizon/reading/reader-identity.ts";
import { compileKeys } from "../../../services/shared/key-ring.ts";

const keys = compileKeys({
  FLUX_SELF_API_KEY: "self-key-1",
  FLUX_API_KEYS: {
    "key-of-acme": "acme",
    "key-of-two": { namespace: "two", tenants: ["b1", "b2"] },
    "key-of-all": { namespace: "all", tenants: ["*"] },
  },
});

const readers: [headers: Record<string, string>, tenants: string[] | "any"][] = [
  [{ key: "key-of-acme" }, ["acme"]],
  [{ authorization: "Bearer key-of-acme" }, ["acme"]],
  [{ authorization: `Basic ${Buffer.from("who:key-of-acme").toString("base64")}` }, ["acme"]],
  [{ key: "key-of-acme", "x-tenant-id": "acme" }, ["acme"]],
  [{ key: "key-of-two" }, ["b1", "b2"]],
  [{ key: "key-of-two", "x-tenant-id": "b2" }, ["b2"]],
  [{ key: "self-key-1" }, "any"],
  [{ key: "self-key-1", "x-tenant-id": "acme" }, ["acme"]],
  [{ key: "key-of-all" }, "any"],
];

for (const [headers, tenants] of readers) {
  test(`${JSON.stringify(headers)} reads ${tenants}`, () => {
    const identified = identifyReader(headers, keys);
    assert.ok(identified.ok);
    const seen = identified.reader.tenants;
    assert.deepEqual(seen === "any" ? seen : [...seen], tenants);
  });
}

const refused: [headers: Record<string, string | string[]>, status: number, detail: RegExp][] = [
  [{}, 401, /holds no key/],
  [{ authorization: "Basic eA==" }, 401, /holds no key/],
  [{ key: "wrong-key" }, 403, /not known here/],
  [{ key: "key-of-acme", "x-tenant-id": "b1" }, 403, /may not read the tenant in x-tenant-id/],
  [{ key: "key-of-two", "x-tenant-id": "b1,b2" }, 403, /may not read/],
  [{ key: "self-key-1", "x-tenant-id": "a)(b" }, 400, /must be one name/],
  [{ key: "self-key-1", "x-tenant-id": ["a", "b"] }, 400, /occurs 2 times/],
  [{ key: ["a", "b"] }, 400, /occurs 2 times/],
];

for (const [headers, status, detail] of refused) {
  test(`${JSON.stringify(headers)} is answered ${status}`, () => {
    const identified = identifyReader(headers, keys);
    assert.ok(!identified.ok);
    assert.equal(identified.status, status);
    assert.match(identified.detail, detail);
  });
}

test("a Horizon that was given no keys says so", () => {
  const identified = identifyReader({ key: "key-of-acme" }, compileKeys({ FLUX_API_KEYS: {} }));
  assert.ok(!identified.ok);
  assert.match(identified.detail, /this Horizon has no keys; give it FLUX_API_KEYS/);
});
