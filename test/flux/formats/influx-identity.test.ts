import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { influxIdentity } from "../../../services/flux/formats/influx-identity.ts";
import { compileKeys, identifySender } from "../../../services/flux/intake/identity.ts";
import { parseSettings } from "../../../settings/load.ts";

type Headers = Readonly<Record<string, string | string[]>>;

interface Asked {
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Headers;
}

const READ = [
  "key",
  "x-tenant-id",
  "x-server-id",
  "x-server-url",
  "dropmetrics",
  "donotdropmetrics",
  "droplabels",
  "x-test-only",
] as const;

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

function introduce({ path = "/write", query = "", headers = {} }: Asked, queryCredentials = false) {
  return influxIdentity({ path, query: new URLSearchParams(query), headers }, { queryCredentials });
}

/** @param want the headers that identity and rules see, without those that are missing or empty. */
function check(asked: Asked, want: Headers, queryCredentials = false): void {
  const read = introduce(asked, queryCredentials);
  assert.ok(read.ok);
  const seen = READ.map((name) => [name, read.headers[name]] as const).filter(([, value]) => (value ?? "") !== "");
  assert.deepEqual(Object.fromEntries(seen), want);
}

describe("who sends line protocol", () => {
  const cases: readonly (readonly [name: string, asked: Asked, want: Headers])[] = [
    ["nothing said", {}, {}],
    [
      "standard headers",
      { headers: { key: "k", "x-tenant-id": "1", "x-server-id": "2" } },
      { key: "k", "x-tenant-id": "1", "x-server-id": "2" },
    ],
    ["user name and password", { headers: basic("123", "k") }, { key: "k", "x-tenant-id": "123" }],
    ["a password with colons", { headers: basic("123", "k:1:2") }, { key: "k:1:2", "x-tenant-id": "123" }],
    [
      "tenant and server as the user name",
      { headers: basic("123/2", "k") },
      { key: "k", "x-tenant-id": "123", "x-server-id": "2" },
    ],
    [
      "members in the user name",
      { headers: basic("tenant=123;server=2;url=http%3A%2F%2Fp%3A9090%2F;", "k") },
      { key: "k", "x-tenant-id": "123", "x-server-id": "2", "x-server-url": "http://p:9090/" },
    ],
    ["some members in the user name", { headers: basic("server=2", "k") }, { key: "k", "x-server-id": "2" }],
    ["a user name without a password", { headers: basic("123", "") }, {}],
    ["a user name beside a key in its header", { headers: { ...basic("123", "other"), key: "k" } }, { key: "k" }],
    ["a token", { headers: { authorization: "Token k" } }, { key: "k" }],
    ["a token in lower case", { headers: { authorization: "token  k " } }, { key: "k" }],
    [
      "a token with a user name",
      { headers: { authorization: "Token 123/2:k" } },
      { key: "k", "x-tenant-id": "123", "x-server-id": "2" },
    ],
    ["a bare token", { headers: { authorization: "Token " } }, {}],
    ["a bearer", { headers: { authorization: "Bearer k" } }, { key: "k" }],
    [
      "an organization",
      { query: "org=123&bucket=b", headers: { authorization: "Token k" } },
      { key: "k", "x-tenant-id": "123" },
    ],
    ["a bucket with a server", { query: "org=123&bucket=b/2" }, { "x-tenant-id": "123", "x-server-id": "2" }],
    ["a bucket with a plain retention", { query: "org=123&bucket=b/autogen" }, { "x-tenant-id": "123" }],
    ["only the first slash of a bucket splits", { query: "bucket=b/2/3" }, { "x-server-id": "2/3" }],
    ["a retention policy", { query: "db=d&rp=2" }, { "x-server-id": "2" }],
    ["no real retention policy", { query: "db=d&rp=autogen&consistency=" }, {}],
    ["the default retention policy", { query: "db=d&rp=default" }, {}],
    [
      "the user name goes before the retention policy",
      { query: "rp=9", headers: basic("1/2", "k") },
      { key: "k", "x-tenant-id": "1", "x-server-id": "2" },
    ],
    [
      "the retention policy fills what the user name leaves",
      { query: "rp=9", headers: basic("1", "k") },
      { key: "k", "x-tenant-id": "1", "x-server-id": "9" },
    ],
    [
      "the user name goes before the organization",
      { query: "org=2", headers: basic("1", "k") },
      { key: "k", "x-tenant-id": "1" },
    ],
    [
      "headers go before the user name",
      { headers: { ...basic("1/2", "k"), "x-tenant-id": "h" } },
      { key: "k", "x-tenant-id": "h", "x-server-id": "2" },
    ],
    [
      "an empty header leaves its place",
      { headers: { ...basic("1/2", "k"), "x-tenant-id": " " } },
      { key: "k", "x-tenant-id": "1", "x-server-id": "2" },
    ],
    [
      "the query goes before headers",
      { query: "x-tenant-id=q", headers: { "x-tenant-id": "h", "x-server-id": "s" } },
      { "x-tenant-id": "q", "x-server-id": "s" },
    ],
    [
      "an empty argument leaves its place",
      { query: "x-tenant-id=", headers: { "x-tenant-id": "h" } },
      { "x-tenant-id": "h" },
    ],
    ["the first of two arguments counts", { query: "x-tenant-id=1&X-Tenant-Id=2" }, { "x-tenant-id": "1" }],
    [
      "the path goes before all",
      {
        path: "/flux/prometheus/t/p/s/9/write",
        query: "x-tenant-id=q&x-server-id=q&org=o",
        headers: { ...basic("u/3", "k"), "x-tenant-id": "h" },
      },
      { key: "k", "x-tenant-id": "p", "x-server-id": "9" },
    ],
    [
      "the path of 2.x, with escapes",
      { path: "/t/a%3Ab/s/9/api/v2/write" },
      { "x-tenant-id": "a:b", "x-server-id": "9" },
    ],
    [
      "the URL of a server",
      { query: "x-server-url=http%3A%2F%2Fp", headers: { "x-server-url": "http://h" } },
      { "x-server-url": "http://p" },
    ],
    [
      "rules in the query",
      {
        query: "dropMetrics=%5B%27a%27%5D&doNotDropMetrics=b&dropLabels=c&x-test-only=true",
        headers: { dropmetrics: "z" },
      },
      { dropmetrics: "['a']", donotdropmetrics: "b", droplabels: "c", "x-test-only": "true" },
    ],
    ["credentials in the query, not allowed", { query: "u=1&p=k" }, {}],
    ["a key sent twice", { headers: { key: ["a", "b"], ...basic("1", "k") } }, { key: ["a", "b"] }],
  ];
  for (const [name, asked, want] of cases) {
    test(name, () => check(asked, want));
  }

  test("credentials in the query count where allowed, after those in headers", () => {
    check({ query: "u=1/2&p=k" }, { key: "k", "x-tenant-id": "1", "x-server-id": "2" }, true);
    check({ query: "u=1&p=k", headers: basic("9", "other") }, { key: "other", "x-tenant-id": "9" }, true);
  });

  test("places that cannot be read are refused, without quoting them", () => {
    const asked: readonly Asked[] = [
      { path: "/t/%zz/s/1/write" },
      { query: "bucket=/2" },
      { headers: basic("tenant=%zz-secret", "k") },
      { headers: basic("tenant=1;tenant=2;secret=1", "k") },
      { headers: basic("secret;tenant=1", "k") },
    ];
    for (const one of asked) {
      const read = introduce(one);
      assert.equal(read.ok || read.code, "bad_identity", JSON.stringify(one));
      assert.doesNotMatch(read.ok ? "" : read.detail, /secret/);
    }
  });
});

describe("the key decides, wherever the tenant was named", () => {
  const loaded = parseSettings(undefined, {
    FLUX_SELF_API_KEY: "self-key",
    FLUX_API_KEYS: JSON.stringify({ "key-of-acme": "acme", "key-of-two": { namespace: "n", tenants: ["t1", "t2"] } }),
  });
  assert.ok(loaded.ok);
  const keys = compileKeys(loaded.settings);

  const identify = (asked: Asked) => {
    const read = introduce(asked);
    assert.ok(read.ok);
    return identifySender(read.headers, keys);
  };

  test("a tenant that the key may not write for is refused from every place", () => {
    const token = { authorization: "Token key-of-two" };
    const asked: readonly Asked[] = [
      { path: "/t/acme/s/1/write", headers: token },
      { query: "x-tenant-id=acme&x-server-id=1", headers: token },
      { headers: { ...token, "x-tenant-id": "acme", "x-server-id": "1" } },
      { headers: basic("acme/1", "key-of-two") },
      { headers: { authorization: "Token acme/1:key-of-two" } },
      { query: "org=acme&bucket=b/1", headers: token },
    ];
    for (const one of asked) {
      const identity = identify(one);
      assert.equal(identity.ok || identity.code, "foreign_tenant", JSON.stringify(one));
    }
  });

  test("a tenant without a key is nobody", () => {
    for (const headers of [{}, basic("acme/1", ""), { authorization: "Token acme/1:" }]) {
      const identity = identify({ path: "/t/acme/s/1/write", headers });
      assert.ok(!identity.ok);
    }
  });

  test("a tenant that the key may write for is taken", () => {
    const identity = identify({ query: "org=t2&bucket=b/7", headers: { authorization: "Token key-of-two" } });
    assert.deepEqual(identity.ok && [identity.sender.tenant, identity.sender.server], ["t2", "7"]);
  });
});
