import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  compileKeys,
  type IdentityRefusal,
  identifySender,
  type RequestHeaders,
  type Sender,
} from "../../../services/flux/intake/identity.ts";

const SELF = "self-key-000000000000";
const keys = compileKeys({
  FLUX_SELF_API_KEY: SELF,
  FLUX_API_KEYS: {
    "acme-key-00000000": "acme",
    "many-key-00000000": { namespace: "group", tenants: ["t1", "t2"], tenant: "t2", server: "s9" },
    "wild-key-00000000": { namespace: "wild", tenants: ["*"] },
    "bare-key-00000000": { namespace: "bare" },
    "home-key-00000000": { namespace: "ns", tenant: "home" },
    "only-key-00000000": { namespace: "ns", tenants: ["only"] },
    "plus-key-00000000": { namespace: "ns", tenants: ["t1"], tenant: "t3" },
    "open-key-00000000": { namespace: "ns", tenants: ["*"], tenant: "main" },
  },
});
const base64 = (text: string) => Buffer.from(text).toString("base64");
const ids = { "x-tenant-id": "t1", "x-server-id": "s1" };
const t1 = { tenant: "t1", server: "s1" };

const senders: readonly [name: string, headers: RequestHeaders, want: Sender][] = [
  ["own key, any tenant", { key: SELF, ...ids }, { ...t1, namespace: "t1", keyIndex: 0 }],
  [
    "short form",
    { key: "acme-key-00000000", "x-server-id": "s1" },
    { tenant: "acme", server: "s1", namespace: "acme", keyIndex: 1 },
  ],
  [
    "short form, tenant said",
    { key: "acme-key-00000000", "x-tenant-id": "acme", "x-server-id": "s1" },
    { tenant: "acme", server: "s1", namespace: "acme", keyIndex: 1 },
  ],
  [
    "long form, defaults",
    { key: "many-key-00000000" },
    { tenant: "t2", server: "s9", namespace: "group", keyIndex: 2 },
  ],
  ["long form, said", { key: "many-key-00000000", ...ids }, { ...t1, namespace: "group", keyIndex: 2 }],
  ["long form, any tenant", { key: "wild-key-00000000", ...ids }, { ...t1, namespace: "wild", keyIndex: 3 }],
  [
    "long form without tenants",
    { key: "bare-key-00000000", "x-server-id": "s1" },
    { tenant: "bare", server: "s1", namespace: "bare", keyIndex: 4 },
  ],
  [
    "default tenant without tenants",
    { key: "home-key-00000000", "x-server-id": "s1" },
    { tenant: "home", server: "s1", namespace: "ns", keyIndex: 5 },
  ],
  [
    "an only tenant is the default",
    { key: "only-key-00000000", "x-server-id": "s1" },
    { tenant: "only", server: "s1", namespace: "ns", keyIndex: 6 },
  ],
  [
    "a default tenant is allowed",
    { key: "plus-key-00000000", "x-server-id": "s1" },
    { tenant: "t3", server: "s1", namespace: "ns", keyIndex: 7 },
  ],
  ["beside the default", { key: "plus-key-00000000", ...ids }, { ...t1, namespace: "ns", keyIndex: 7 }],
  [
    "any tenant, with a default",
    { key: "open-key-00000000", "x-server-id": "s1" },
    { tenant: "main", server: "s1", namespace: "ns", keyIndex: 8 },
  ],
  ["Bearer", { authorization: `Bearer ${SELF}`, ...ids }, { ...t1, namespace: "t1", keyIndex: 0 }],
  ["bearer, spaces", { authorization: `bearer   ${SELF} `, ...ids }, { ...t1, namespace: "t1", keyIndex: 0 }],
  ["Basic", { authorization: `Basic ${base64(`anyone:${SELF}`)}`, ...ids }, { ...t1, namespace: "t1", keyIndex: 0 }],
  ["Basic, no user", { authorization: `Basic ${base64(`:${SELF}`)}`, ...ids }, { ...t1, namespace: "t1", keyIndex: 0 }],
  ["Token", { authorization: `Token ${SELF}`, ...ids }, { ...t1, namespace: "t1", keyIndex: 0 }],
  [
    "key before Authorization",
    { key: SELF, authorization: "Bearer nonsense", ...ids },
    { ...t1, namespace: "t1", keyIndex: 0 },
  ],
  [
    "empty key, Authorization",
    { key: "", authorization: `Bearer ${SELF}`, ...ids },
    { ...t1, namespace: "t1", keyIndex: 0 },
  ],
  [
    "header as list of one",
    { key: [SELF], "x-tenant-id": ["t1"], "x-server-id": ["s1"] },
    { ...t1, namespace: "t1", keyIndex: 0 },
  ],
  [
    "server URL",
    { key: SELF, ...ids, "x-server-url": "http://minikube.mc12" },
    { ...t1, namespace: "t1", keyIndex: 0, serverUrl: "http://minikube.mc12" },
  ],
  [
    "longest server URL",
    { key: SELF, ...ids, "x-server-url": "u".repeat(2048) },
    { ...t1, namespace: "t1", keyIndex: 0, serverUrl: "u".repeat(2048) },
  ],
  ["empty server URL", { key: SELF, ...ids, "x-server-url": "" }, { ...t1, namespace: "t1", keyIndex: 0 }],
  [
    "numbers as names",
    { key: SELF, "x-tenant-id": "1", "x-server-id": "1" },
    { tenant: "1", server: "1", namespace: "1", keyIndex: 0 },
  ],
  [
    "every character of names",
    { key: SELF, "x-tenant-id": "aZ0_.:-", "x-server-id": "a".repeat(128) },
    { tenant: "aZ0_.:-", server: "a".repeat(128), namespace: "aZ0_.:-", keyIndex: 0 },
  ],
];

test("a sender is known by its key and headers", () => {
  for (const [name, headers, sender] of senders) {
    assert.deepEqual(identifySender(headers, keys), { ok: true, sender }, name);
  }
});

const refusals: readonly [headers: RequestHeaders, code: IdentityRefusal, detail: RegExp][] = [
  [{}, "no_key", /^cannot accept the request: the request holds no key; send it in the header key/],
  [{ key: "", ...ids }, "no_key", /no key/],
  [{ key: `${SELF}é`, ...ids }, "bad_key", /printable ASCII$/],
  [{ authorization: `Basic ${base64("user:\u0000")}`, ...ids }, "bad_key", /printable ASCII$/],
  [{ authorization: "", ...ids }, "no_key", /no key/],
  [{ authorization: "Bearer ", ...ids }, "no_key", /no key/],
  [{ authorization: SELF, ...ids }, "no_key", /no key/],
  [{ authorization: `Digest ${SELF}`, ...ids }, "no_key", /no key/],
  [{ authorization: `Basic ${base64(SELF)}`, ...ids }, "no_key", /no key/],
  [{ authorization: `Basic ${base64("user:")}`, ...ids }, "no_key", /no key/],
  [{ key: "wrong", ...ids }, "unknown_key", /key is not known/],
  [{ key: `${SELF}0`, ...ids }, "unknown_key", /key is not known/],
  [{ key: SELF.slice(1), ...ids }, "unknown_key", /key is not known/],
  [{ key: SELF.toUpperCase(), ...ids }, "unknown_key", /key is not known/],
  [{ key: `${SELF}, ${SELF}`, ...ids }, "unknown_key", /key is not known/],
  [{ key: "wrong", authorization: `Bearer ${SELF}`, ...ids }, "unknown_key", /key is not known/],
  [{ key: "__proto__", ...ids }, "unknown_key", /key is not known/],
  [{ key: [SELF, SELF], ...ids }, "bad_identity", /header key occurs 2 times; send it once/],
  [{ key: "acme-key-00000000", ...ids }, "foreign_tenant", /may not write for the tenant in x-tenant-id/],
  [{ key: "many-key-00000000", "x-tenant-id": "group" }, "foreign_tenant", /may not write/],
  [{ key: "only-key-00000000", "x-tenant-id": "ns", "x-server-id": "s1" }, "foreign_tenant", /may not write/],
  [{ key: "home-key-00000000", "x-tenant-id": "ns", "x-server-id": "s1" }, "foreign_tenant", /may not write/],
  [{ key: "acme-key-00000000", "x-tenant-id": "*", "x-server-id": "s1" }, "bad_identity", /header x-tenant-id must be/],
  [{ key: SELF, "x-server-id": "s1" }, "no_tenant", /header x-tenant-id is missing/],
  [{ key: SELF, "x-tenant-id": "", "x-server-id": "s1" }, "no_tenant", /header x-tenant-id is missing/],
  [{ key: "wild-key-00000000", "x-server-id": "s1" }, "no_tenant", /header x-tenant-id is missing/],
  [{ key: SELF, "x-tenant-id": "t1" }, "no_server", /header x-server-id is missing/],
  [{ key: "acme-key-00000000" }, "no_server", /header x-server-id is missing/],
  [{ key: SELF, "x-tenant-id": "a b", "x-server-id": "s1" }, "bad_identity", /header x-tenant-id must be/],
  [{ key: SELF, "x-tenant-id": 'a"', "x-server-id": "s1" }, "bad_identity", /header x-tenant-id must be/],
  [{ key: SELF, "x-tenant-id": "a,b", "x-server-id": "s1" }, "bad_identity", /header x-tenant-id must be/],
  [{ key: SELF, "x-tenant-id": "é", "x-server-id": "s1" }, "bad_identity", /header x-tenant-id must be/],
  [{ key: SELF, "x-tenant-id": "a".repeat(129), "x-server-id": "s1" }, "bad_identity", /header x-tenant-id must be/],
  [{ key: SELF, "x-tenant-id": "t1", "x-server-id": "s/1" }, "bad_identity", /header x-server-id must be/],
  [{ key: SELF, "x-tenant-id": ["t1", "t2"], "x-server-id": "s1" }, "bad_identity", /x-tenant-id occurs 2 times/],
  [{ key: SELF, "x-tenant-id": "t1", "x-server-id": ["s1", "s1"] }, "bad_identity", /x-server-id occurs 2 times/],
  [{ key: SELF, ...ids, "x-server-url": "u".repeat(2049) }, "bad_identity", /header x-server-url must be at most 2048/],
  [{ key: SELF, ...ids, "x-server-url": "http://a\tb" }, "bad_identity", /header x-server-url must be/],
  [{ key: SELF, ...ids, "x-server-url": "http://é" }, "bad_identity", /header x-server-url must be/],
];

test("a sender that is not known is refused with a code and a sentence that tells no secret", () => {
  const secrets = [SELF, "acme", "many", "wild", "group", "t2", "t3", "s9", "home", "wrong"];
  for (const [headers, code, detail] of refusals) {
    const refused = identifySender(headers, keys);
    assert.ok(!refused.ok, JSON.stringify(headers));
    assert.equal(refused.code, code, JSON.stringify(headers));
    assert.match(refused.detail, detail);
    for (const secret of secrets) {
      assert.ok(!refused.detail.includes(secret), refused.detail);
    }
  }
});

test("without any key in the settings, none is known", () => {
  const refused = identifySender({ key: SELF, ...ids }, compileKeys({ FLUX_API_KEYS: {} }));
  assert.equal(refused.ok ? "" : refused.code, "unknown_key");
});

test("keys of FLUX_API_KEYS are counted from 1, whether there is a FLUX_SELF_API_KEY or not", () => {
  const ring = compileKeys({ FLUX_API_KEYS: { "acme-key-00000000": "acme" } });
  const known = identifySender({ key: "acme-key-00000000", "x-server-id": "s1" }, ring);
  assert.equal(known.ok && known.sender.keyIndex, 1);
});

test("a key that is also FLUX_SELF_API_KEY is that one", () => {
  const ring = compileKeys({ FLUX_SELF_API_KEY: SELF, FLUX_API_KEYS: { [SELF]: "acme" } });
  const known = identifySender({ key: SELF, ...ids }, ring);
  assert.equal(known.ok && known.sender.keyIndex, 0);
});

test("a key that the settings hold as its SHA-256 is known by itself, and not by what the settings hold", () => {
  const sha256 = (key: string) => `sha256:${createHash("sha256").update(key).digest("hex")}`;
  const ring = compileKeys({
    FLUX_SELF_API_KEY: sha256(SELF),
    FLUX_API_KEYS: { [sha256("acme-key-00000000").toUpperCase().replace("SHA", "sha")]: "acme" },
  });
  const keyIndexOf = (key: string) => {
    const found = identifySender({ key, "x-tenant-id": "acme", "x-server-id": "s1" }, ring);
    return found.ok ? found.sender.keyIndex : found.code;
  };
  assert.equal(keyIndexOf(SELF), 0);
  assert.equal(keyIndexOf("acme-key-00000000"), 1);
  assert.equal(keyIndexOf(sha256(SELF)), "unknown_key");
  assert.equal(keyIndexOf(sha256("acme-key-00000000")), "unknown_key");
});
