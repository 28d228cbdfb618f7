import { isKeyText } from "../../../settings/api-key.ts";
import { IDENTIFIER } from "../../../settings/schema.ts";
import { findGrant, type KeyGrant, type KeyRing } from "../../shared/key-ring.ts";
import { type HeaderValue, type RequestHeaders, readHeader } from "../../shared/request-header.ts";
import { readKey } from "../../shared/request-key.ts";

export { compileKeys, type KeyRing, SELF_KEY_INDEX } from "../../shared/key-ring.ts";
export type { RequestHeaders } from "../../shared/request-header.ts";

/** Who sent a request. */
export interface Sender {
  readonly tenant: string;
  readonly server: string;
  /** What SKIP_LIST entries may name: the key's namespace, or the tenant for FLUX_SELF_API_KEY. */
  readonly namespace: string;
  readonly serverUrl?: string;
  /** Which key it used: 0 for FLUX_SELF_API_KEY, from 1 for those of FLUX_API_KEYS. */
  readonly keyIndex: number;
}

/** Why a sender is not known. */
export type IdentityRefusal =
  | "no_key"
  | "bad_key"
  | "unknown_key"
  | "foreign_tenant"
  | "no_tenant"
  | "no_server"
  | "bad_identity";

export interface RefusedSender {
  readonly ok: false;
  readonly code: IdentityRefusal;
  /** A sentence for the sender. Never holds a key, nor anything that the sender did not say itself. */
  readonly detail: string;
}

const MAX_SERVER_URL_BYTES = 2048;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * Finds out who sends a request. The key is in the header `key`, or in `Authorization` as Bearer, as the password of
 * Basic, or as Token (InfluxDB); tenant, server and its URL are in `x-tenant-id`, `x-server-id` and `x-server-url`.
 */
export function identifySender(headers: RequestHeaders, keys: KeyRing): { ok: true; sender: Sender } | RefusedSender {
  const key = orBadIdentity(readKey(headers));
  if (!key.ok) {
    return key;
  }
  if (key.value === "") {
    return refuse("no_key", "the request holds no key; send it in the header key, or as Authorization: Bearer <key>");
  }
  if (!isKeyText(key.value)) {
    return refuse("bad_key", "its key holds characters that no key has; keys are printable ASCII");
  }
  const grant = findGrant(keys, key.value);
  if (!grant) {
    return refuse("unknown_key", "its key is not known here");
  }
  const tenant = readTenant(headers, grant);
  if (!tenant.ok) {
    return tenant;
  }
  const server = readIdentifier(headers, "x-server-id", grant.defaultServer);
  if (!server.ok) {
    return server;
  }
  if (server.value === "") {
    return refuse("no_server", "the header x-server-id is missing, and the key implies no server");
  }
  const serverUrl = readServerUrl(headers);
  if (!serverUrl.ok) {
    return serverUrl;
  }
  const sender = {
    tenant: tenant.value,
    server: server.value,
    namespace: grant.namespace ?? tenant.value,
    keyIndex: grant.keyIndex,
  };
  return { ok: true, sender: serverUrl.value === "" ? sender : { ...sender, serverUrl: serverUrl.value } };
}

/** A value read, empty where the request has none. */
type ReadValue = { readonly ok: true; readonly value: string } | RefusedSender;

function readTenant(headers: RequestHeaders, grant: KeyGrant): ReadValue {
  const tenant = readIdentifier(headers, "x-tenant-id", grant.defaultTenant);
  if (!tenant.ok) {
    return tenant;
  }
  if (tenant.value === "") {
    return refuse("no_tenant", "the header x-tenant-id is missing, and the key implies no tenant");
  }
  if (grant.tenants !== "any" && !grant.tenants.has(tenant.value)) {
    return refuse("foreign_tenant", "its key may not write for the tenant in x-tenant-id");
  }
  return tenant;
}

function readIdentifier(headers: RequestHeaders, name: string, fallback: string | undefined): ReadValue {
  const header = orBadIdentity(readHeader(headers, name));
  if (!header.ok) {
    return header;
  }
  if (header.value !== "" && !IDENTIFIER.test(header.value)) {
    return refuse("bad_identity", `the header ${name} must be one name of 1 to 128 characters of A-Z a-z 0-9 _ . : -`);
  }
  return { ok: true, value: header.value || (fallback ?? "") };
}

function readServerUrl(headers: RequestHeaders): ReadValue {
  const url = orBadIdentity(readHeader(headers, "x-server-url"));
  if (url.ok && (url.value.length > MAX_SERVER_URL_BYTES || !PRINTABLE_ASCII.test(url.value))) {
    return refuse(
      "bad_identity",
      `the header x-server-url must be at most ${MAX_SERVER_URL_BYTES} printable ASCII characters`,
    );
  }
  return url;
}

function orBadIdentity(value: HeaderValue): ReadValue {
  return value.ok ? value : refuse("bad_identity", value.detail);
}

function refuse(code: IdentityRefusal, why: string): RefusedSender {
  return { ok: false, code, detail: `cannot accept the request: ${why}` };
}
