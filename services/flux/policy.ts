import type { Settings } from "../../settings/schema.ts";
import { compileKeys, type KeyRing } from "./intake/identity.ts";
import { compileRules, type RuleSource, settingsRules } from "./intake/rules.ts";
import type { SeriesLimits } from "./intake/series-check.ts";

/** Everything in the settings that decides about a request, in the form that deciding needs. Replaced whole on reload. */
export interface Policy {
  readonly keys: KeyRing;
  readonly rules: RuleSource;
  readonly patternLimits: { readonly maxPatterns: number; readonly maxPatternBytes: number };
  readonly seriesLimits: SeriesLimits;
  readonly maxBodyBytes: number;
  readonly maxUncompressedBytes: number;
  readonly retryAfterSeconds: number;
}

/**
 * The policy that settings describe. Pure.
 * @returns it, or the sentence that says which of the settings' rules does not compile.
 */
export function policyFrom(settings: Settings): { ok: true; policy: Policy } | { ok: false; problems: string[] } {
  const policy = {
    keys: compileKeys(settings),
    rules: settingsRules(settings),
    patternLimits: { maxPatterns: settings.RULES_MAX_PATTERNS, maxPatternBytes: settings.RULES_MAX_PATTERN_BYTES },
    seriesLimits: {
      maxLabels: settings.FLUX_MAX_LABELS_PER_SERIES,
      maxLabelNameBytes: settings.FLUX_MAX_LABEL_NAME_BYTES,
      maxLabelValueBytes: settings.FLUX_MAX_LABEL_VALUE_BYTES,
      maxSeriesBytes: settings.FLUX_MAX_SERIES_BYTES,
    },
    maxBodyBytes: settings.FLUX_MAX_BODY_BYTES,
    maxUncompressedBytes: settings.FLUX_MAX_UNCOMPRESSED_BYTES,
    retryAfterSeconds: settings.FLUX_RETRY_AFTER_SECONDS,
  };
  const rules = compileRules([policy.rules], policy.patternLimits);
  return rules.ok ? { ok: true, policy } : { ok: false, problems: [rules.detail] };
}
