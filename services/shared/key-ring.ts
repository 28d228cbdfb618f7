import { timingSafeEqual } from "node:crypto";
import { keyDigest, writtenKeyDigest } from "../../settings/api-key.ts";
import type { Settings } from "../../settings/schema.ts";

/** What a key allows. */
export interface KeyGrant {
  /** Which of the keys it is: 0 for FLUX_SELF_API_KEY, from 1 for those of FLUX_API_KEYS. */
  readonly keyIndex: number;
  /** Undefined: the tenant's own name. */
  readonly namespace: string | undefined;
  readonly tenants: "any" | ReadonlySet<string>;
  /** Who the sender is where it does not say. */
  readonly defaultTenant: string | undefined;
  readonly defaultServer: string | undefined;
}

/** All keys, held as SHA-256 digests: of one length, and of no use to who reads the memory. */
export interface KeyRing {
  readonly entries: readonly { readonly digest: Buffer; readonly grant: KeyGrant }[];
}

/** The `keyIndex` of FLUX_SELF_API_KEY. */
export const SELF_KEY_INDEX = 0;

const SELF_KEY_GRANT: KeyGrant = {
  keyIndex: SELF_KEY_INDEX,
  namespace: undefined,
  tenants: "any",
  defaultTenant: undefined,
  defaultServer: undefined,
};

/** Makes the key ring of the settings. Settings are valid, so this cannot fail. */
export function compileKeys(settings: Pick<Settings, "FLUX_SELF_API_KEY" | "FLUX_API_KEYS">): KeyRing {
  const others = Object.entries(settings.FLUX_API_KEYS).map(([key, grant], index) => ({
    digest: writtenKeyDigest(key),
    grant: createGrant(grant, index + 1),
  }));
  const self = settings.FLUX_SELF_API_KEY;
  return {
    entries: self === undefined ? others : [{ digest: writtenKeyDigest(self), grant: SELF_KEY_GRANT }, ...others],
  };
}

/**
 * Finds what a key allows. Takes the same time for every key, known or not: all are compared, none partially.
 * @returns undefined for a key that is not on the ring.
 */
export function findGrant(ring: KeyRing, key: string): KeyGrant | undefined {
  const digest = keyDigest(key);
  let found: KeyGrant | undefined;
  for (const entry of ring.entries) {
    const isEqual = timingSafeEqual(entry.digest, digest);
    found = isEqual ? (found ?? entry.grant) : found;
  }
  return found;
}

/**
 * The short form, a namespace, allows the tenant of that name. So does the long form where it names no tenants.
 * A default tenant is always allowed; without one, an only tenant is the default.
 */
function createGrant(setting: Settings["FLUX_API_KEYS"][string], keyIndex: number): KeyGrant {
  const { namespace, tenants, tenant, server } = typeof setting === "string" ? shortForm(setting) : setting;
  const listed = tenants ?? [tenant ?? namespace];
  const allowed = new Set(tenant === undefined ? listed : [...listed, tenant]);
  const [only] = allowed;
  const isAny = allowed.has("*");
  return {
    keyIndex,
    namespace,
    tenants: isAny ? "any" : allowed,
    defaultTenant: tenant ?? (allowed.size === 1 && !isAny ? only : undefined),
    defaultServer: server,
  };
}

function shortForm(namespace: string): Exclude<Settings["FLUX_API_KEYS"][string], string> {
  return { namespace };
}
