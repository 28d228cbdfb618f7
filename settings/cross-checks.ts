import type { Settings } from "./schema.ts";

/** What is wrong with settings that are each valid but do not go together. Empty where nothing is. */
export function crossChecks(settings: Settings): string[] {
  return [...checkKeys(settings), ...checkStores(settings), ...checkPorts(settings)];
}

function checkKeys(settings: Settings): string[] {
  const problems: string[] = [];
  const entries = Object.entries(settings.FLUX_API_KEYS);
  for (const [index, [key, grant]] of entries.entries()) {
    const what = `cannot use FLUX_API_KEYS, entry ${index + 1}`;
    if (key === settings.FLUX_SELF_API_KEY) {
      problems.push(
        `${what}: its key is FLUX_SELF_API_KEY, which may write for every tenant: give it a key of its own`,
      );
    }
    if (typeof grant === "string" || grant.tenant === undefined || grant.tenants === undefined) {
      continue;
    }
    if (!grant.tenants.includes("*") && !grant.tenants.includes(grant.tenant)) {
      problems.push(`${what}: its default tenant "${grant.tenant}" is not among its tenants`);
    }
  }
  return problems;
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
