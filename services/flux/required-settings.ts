import type { Settings } from "../../settings/schema.ts";

/** What a running Flux cannot do without, in sentences; empty where nothing is missing. */
export function missingKeys({ FLUX_SELF_API_KEY, FLUX_API_KEYS }: Settings): string[] {
  const hasAny = FLUX_SELF_API_KEY !== undefined || Object.keys(FLUX_API_KEYS).length > 0;
  return hasAny
    ? []
    : ["cannot use the settings: no key is set, so nobody could write; set FLUX_SELF_API_KEY or FLUX_API_KEYS"];
}
