import { writtenKeyDigest } from "./api-key.ts";
import type { Settings } from "./schema.ts";

/** What is wrong with settings that are each valid but do not go together. Empty where nothing is. */
export function crossChecks(settings: Settings): string[] {
  return [
    ...checkRepeatedKeys(settings),
    ...checkDefaultTenants(settings),
    ...checkStores(settings),
    ...checkPorts(settings),
    ...checkWorkers(settings),
    ...checkTls(settings),
  ];
}

/** A key that is set twice: as it is, as its SHA-256, or once in either way. */
function checkRepeatedKeys({ FLUX_SELF_API_KEY: self, FLUX_API_KEYS }: Settings): string[] {
  const owners = new Map<string, string>();
  if (self !== undefined) {
    owners.set(digestOf(self), "FLUX_SELF_API_KEY, which may write for every tenant");
  }
  const problems: string[] = [];
  for (const [index, key] of Object.keys(FLUX_API_KEYS).entries()) {
    const owner = owners.get(digestOf(key));
    if (owner !== undefined) {
      problems.push(`cannot use FLUX_API_KEYS, entry ${index + 1}: its key is ${owner}: give it a key of its own`);
    } else {
      owners.set(digestOf(key), `also that of entry ${index + 1}`);
    }
  }
  return problems;
}

function digestOf(writtenKey: string): string {
  return writtenKeyDigest(writtenKey).toString("hex");
}

function checkDefaultTenants({ FLUX_API_KEYS }: Settings): string[] {
  return Object.values(FLUX_API_KEYS).flatMap((grant, index) => {
    if (typeof grant === "string" || grant.tenant === undefined || grant.tenants === undefined) {
      return [];
    }
    return grant.tenants.includes("*") || grant.tenants.includes(grant.tenant)
      ? []
      : [`cannot use FLUX_API_KEYS, entry ${index + 1}: its default tenant "${grant.tenant}" is not among its tenants`];
  });
}

function checkStores(settings: Settings): string[] {
  return settings.RTS_ENABLED || settings.VICTORIAMETRICS_ENABLED
    ? []
    : ["cannot use RTS_ENABLED and VICTORIAMETRICS_ENABLED: both are false, so Horizon would write samples nowhere"];
}

function checkPorts(settings: Settings): string[] {
  const same = settings.FLUX_PORT === settings.FLUX_ADMIN_PORT && settings.FLUX_HOST === settings.FLUX_ADMIN_HOST;
  return same && settings.FLUX_PORT !== 0
    ? ["cannot use FLUX_ADMIN_PORT: it is the same as FLUX_PORT, and operations need a port of their own"]
    : [];
}

function checkWorkers({ FLUX_WORKERS: workers, FLUX_MAX_CONNECTIONS: connections }: Settings): string[] {
  return connections > 0 && connections < workers
    ? [
        `cannot use FLUX_MAX_CONNECTIONS: of ${connections} connections, not every one of ${workers} workers (FLUX_WORKERS) could have one`,
      ]
    : [];
}

function checkTls({ FLUX_TLS_CERT_FILE, FLUX_TLS_KEY_FILE, FLUX_TLS_CLIENT_CA_FILE }: Settings): string[] {
  const hasCertificate = FLUX_TLS_CERT_FILE !== undefined;
  if (hasCertificate !== (FLUX_TLS_KEY_FILE !== undefined)) {
    const [set, missing] = hasCertificate ? ["CERT", "KEY"] : ["KEY", "CERT"];
    return [`cannot use FLUX_TLS_${set}_FILE: FLUX_TLS_${missing}_FILE is not set, and TLS needs both`];
  }
  return FLUX_TLS_CLIENT_CA_FILE !== undefined && !hasCertificate
    ? [
        "cannot use FLUX_TLS_CLIENT_CA_FILE: FLUX_TLS_CERT_FILE is not set, and without TLS no client shows a certificate",
      ]
    : [];
}
