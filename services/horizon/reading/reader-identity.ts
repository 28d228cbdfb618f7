import { IDENTIFIER } from "../../../settings/schema.ts";
import { findGrant, type KeyGrant, type KeyRing } from "../../shared/key-ring.ts";
import { type RequestHeaders, readHeader } from "../../shared/request-header.ts";
import { readKey } from "../../shared/request-key.ts";
import type { VisibleTenants } from "./module-filters.ts";

/** Who reads. */
export interface ReaderIdentity {
  /** That of the key, empty for FLUX_SELF_API_KEY. One reader may have several keys. */
  readonly namespace: string;
  readonly tenants: VisibleTenants;
}

export type IdentifiedReader =
  | { ok: true; reader: ReaderIdentity }
  | { ok: false; status: 400 | 401 | 403; detail: string };

/**
 * Finds out who reads, and of which tenants: all that the key may write for, or that one of them which the header
 * `x-tenant-id` names.
 */
export function identifyReader(headers: RequestHeaders, keys: KeyRing): IdentifiedReader {
  const key = readKey(headers);
  const asked = readHeader(headers, "x-tenant-id");
  if (!key.ok || !asked.ok) {
    const detail = key.ok ? (asked.ok ? "" : asked.detail) : key.detail;
    return refuse(400, detail);
  }
  if (key.value === "") {
    return refuse(401, "the request holds no key; send it in the header key, or as Authorization: Bearer <key>");
  }
  const grant = findGrant(keys, key.value);
  if (!grant) {
    const isBare = keys.entries.length === 0;
    return refuse(
      403,
      isBare ? "this Horizon has no keys; give it FLUX_API_KEYS as Flux has" : "its key is not known here",
    );
  }
  return readerOf(grant, asked.value);
}

/** @param asked the tenant in the header, empty where there is none. */
function readerOf({ namespace = "", tenants }: KeyGrant, asked: string): IdentifiedReader {
  if (asked === "") {
    return { ok: true, reader: { namespace, tenants } };
  }
  if (tenants !== "any" && !tenants.has(asked)) {
    return refuse(403, "its key may not read the tenant in x-tenant-id");
  }
  return IDENTIFIER.test(asked)
    ? { ok: true, reader: { namespace, tenants: new Set([asked]) } }
    : refuse(400, "the header x-tenant-id must be one name of 1 to 128 characters of A-Z a-z 0-9 _ . : -");
}

function refuse(status: 400 | 401 | 403, why: string): IdentifiedReader {
  return { ok: false, status, detail: `cannot answer the request: ${why}` };
}
