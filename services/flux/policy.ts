import type { InfluxSettings, LimitSettings, Settings, TenantSettings } from "../../settings/schema.ts";
import { defaultInflux, type InfluxTerms, overrideInflux } from "./influx-terms.ts";
import { compileKeys, type KeyRing, SELF_KEY_INDEX, type Sender } from "./intake/identity.ts";
import { type CompiledSource, compileSource, type RuleSource, settingsRules } from "./intake/rules.ts";
import { defaultLimits, type Limits, overrideLimits } from "./limits.ts";
import type { AdmissionLimits } from "./series-admission.ts";
import type { Meter } from "./traffic-gate.ts";
import { defaultTraffic, overrideTraffic, type TrafficLimits, UNLIMITED_TRAFFIC } from "./traffic-limits.ts";

/** What is said of one tenant or of one key. */
interface OwnTerms {
  readonly limits: LimitSettings | undefined;
  readonly influx: InfluxSettings | undefined;
  readonly rules: CompiledSource;
}

/** Everything in the settings that decides about a request, in the form that deciding needs. Replaced whole on reload. */
export interface Policy {
  readonly keys: KeyRing;
  readonly rules: CompiledSource;
  readonly limits: Limits;
  readonly influx: InfluxTerms;
  readonly traffic: TrafficLimits;
  readonly tenants: ReadonlyMap<string, OwnTerms>;
  /** By the number of the key (`Sender.keyIndex`). */
  readonly ofKeys: ReadonlyMap<number, OwnTerms>;
  /** Most series of a namespace in all time. */
  readonly quotas: ReadonlyMap<string, number>;
  readonly patternLimits: { readonly maxPatterns: number; readonly maxPatternBytes: number };
  readonly retryAfterSeconds: number;
  /** For the bodies of all requests together. */
  readonly maxInFlightBytes: number;
}

/** What holds for the requests of a sender. */
export interface Terms {
  readonly limits: Limits;
  readonly influx: InfluxTerms;
  /** The operator's rules, of all origins: compiled with the policy, so that a new stream costs no more than its own. */
  readonly rules: readonly CompiledSource[];
  readonly meters: readonly Meter[];
}

/**
 * The policy that settings describe. Pure.
 * @returns it, or the sentences that say which of the settings' rules do not compile.
 */
export function policyFrom(settings: Settings): { ok: true; policy: Policy } | { ok: false; problems: string[] } {
  const patternLimits = { maxPatterns: settings.RULES_MAX_PATTERNS, maxPatternBytes: settings.RULES_MAX_PATTERN_BYTES };
  const problems: string[] = [];
  const compile: CompileRules = (source) => {
    const made = compileSource(source, patternLimits);
    problems.push(...(made.ok ? [] : [made.detail]));
    return made.ok ? made.compiled : undefined;
  };
  const rules = compile(settingsRules(settings));
  const tenants = tenantTerms(settings, compile);
  const ofKeys = keyTerms(settings, compile);
  if (!rules || problems.length > 0) {
    return { ok: false, problems };
  }
  const policy = {
    keys: compileKeys(settings),
    rules,
    limits: defaultLimits(settings),
    influx: defaultInflux(settings),
    traffic: defaultTraffic(settings),
    tenants,
    ofKeys,
    quotas: new Map(Object.entries(settings.FLUX_NAMESPACE_QUOTAS)),
    patternLimits,
    retryAfterSeconds: settings.FLUX_RETRY_AFTER_SECONDS,
    maxInFlightBytes: settings.FLUX_MAX_IN_FLIGHT_BYTES,
  };
  return { ok: true, policy };
}

/** Compiles the operator's rules. @returns undefined where they cannot be used, which it has noted. */
type CompileRules = (source: RuleSource) => CompiledSource | undefined;

/**
 * What holds for a sender. Of a limit, what is said of its key wins over what is said of its tenant, and that over what
 * is said of all. Rates are measured where they are said: for all requests of the tenant, and, where its key has a rate
 * of its own, for all requests with that key; a request needs room in both.
 */
export function termsOf(policy: Policy, { tenant, keyIndex }: Pick<Sender, "tenant" | "keyIndex">): Terms {
  const ofTenant = policy.tenants.get(tenant);
  const ofKey = policy.ofKeys.get(keyIndex);
  const limits = overrideLimits(overrideLimits(policy.limits, ofTenant?.limits), ofKey?.limits);
  return {
    limits,
    influx: overrideInflux(overrideInflux(policy.influx, ofTenant?.influx), ofKey?.influx),
    rules: [policy.rules, ...(ofTenant ? [ofTenant.rules] : []), ...(ofKey ? [ofKey.rules] : [])],
    meters: [
      meterOf(`tenant ${tenant}`, "its tenant", overrideTraffic(policy.traffic, ofTenant?.limits), limits),
      meterOf(`key ${keyIndex}`, "its key", overrideTraffic(UNLIMITED_TRAFFIC, ofKey?.limits), limits),
    ],
  };
}

function meterOf(
  id: string,
  whose: string,
  { samples, bytes, maxRequestsInFlight }: TrafficLimits,
  { overRateStatus }: Limits,
): Meter {
  return { id, whose, samples, bytes, maxRequestsInFlight, overRateStatus };
}

/**
 * How many series a sender may have; undefined where that is any number, so that nobody has to ask. The quota of a
 * namespace does not hold for FLUX_SELF_API_KEY.
 */
export function admissionLimits(
  { quotas }: Policy,
  { namespace, keyIndex }: Sender,
  { limits: { maxActiveSeries } }: Terms,
): AdmissionLimits | undefined {
  const quota = keyIndex === SELF_KEY_INDEX ? undefined : quotas.get(namespace);
  return maxActiveSeries === 0 && quota === undefined ? undefined : { maxActiveSeries, quota };
}

function tenantTerms({ FLUX_TENANTS }: Settings, compile: CompileRules): Map<string, OwnTerms> {
  const terms = new Map<string, OwnTerms>();
  for (const [tenant, said] of Object.entries(FLUX_TENANTS)) {
    const rules = compile(ownRules("tenant", `FLUX_TENANTS, ${tenant}`, said));
    if (rules) {
      terms.set(tenant, { limits: said.limits, influx: said.influx, rules });
    }
  }
  return terms;
}

function keyTerms({ FLUX_API_KEYS }: Settings, compile: CompileRules): Map<number, OwnTerms> {
  const terms = new Map<number, OwnTerms>();
  for (const [index, said] of Object.values(FLUX_API_KEYS).entries()) {
    const keyIndex = index + 1;
    const rules =
      typeof said === "string" ? undefined : compile(ownRules("key", `FLUX_API_KEYS, entry ${keyIndex}`, said));
    if (typeof said !== "string" && rules) {
      terms.set(keyIndex, { limits: said.limits, influx: said.influx, rules });
    }
  }
  return terms;
}

function ownRules(origin: "tenant" | "key", place: string, said: TenantSettings): RuleSource {
  return {
    origin,
    place,
    dropMetrics: said.dropMetrics ?? [],
    doNotDropMetrics: said.doNotDropMetrics ?? [],
    dropLabels: said.dropLabels ?? [],
  };
}
