import type { SettingName } from "./schema.ts";

/**
 * Settings that a running service takes up on SIGHUP or `POST /-/reload`. All others shape connections, ports or
 * tables that are made once, and need a restart.
 */
export const RELOADABLE_SETTINGS: ReadonlySet<SettingName> = new Set<SettingName>([
  "FLUX_SELF_API_KEY",
  "FLUX_API_KEYS",
  "FLUX_MAX_BODY_BYTES",
  "FLUX_MAX_UNCOMPRESSED_BYTES",
  "FLUX_MAX_LABELS_PER_SERIES",
  "FLUX_MAX_LABEL_NAME_BYTES",
  "FLUX_MAX_LABEL_VALUE_BYTES",
  "FLUX_MAX_SERIES_BYTES",
  "FLUX_RETRY_AFTER_SECONDS",
  "DROP_METRICS",
  "DO_NOT_DROP_METRICS",
  "DROP_LABELS",
  "RULES_MAX_PATTERNS",
  "RULES_MAX_PATTERN_BYTES",
  "SKIP_LIST",
  "DO_NOT_SKIP_LIST",
  "LOG_LEVEL",
]);
