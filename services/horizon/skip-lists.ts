import {
  compilePatterns,
  type PatternLimits,
  type PatternMatcher,
  type Subject,
  seriesSubject,
  withNamespace,
} from "../shared/pattern-matcher.ts";
import type { LabelSet } from "../shared/series.ts";
import { type KnownSeries, labelsOf } from "./known-series.ts";

/** Whose a series is. */
export interface SkipOwner {
  readonly tenant: string;
  readonly namespace: string;
}

/** SKIP_LIST and DO_NOT_SKIP_LIST, and what tenants have beside them, compiled. */
export interface SkipLists {
  /** The entry that skips a series which came from an owner, or undefined. Remembered with the series. */
  skippedBy(series: KnownSeries, owner: SkipOwner): string | undefined;
  /** The same for the labels of any series, with the entries that say so. Remembers nothing. */
  explain(labels: LabelSet, owner: SkipOwner): SkipDecision;
}

/** `by`: the entry that skips a series. `saved`: the entry that beats it. */
export type SkipDecision =
  | { readonly skip: true; readonly by: string }
  | { readonly skip: false; readonly saved?: { readonly from: string; readonly by: string } };

/** The settings that skip lists are made of. */
export interface SkipSettings {
  readonly SKIP_LIST: readonly string[];
  readonly DO_NOT_SKIP_LIST: readonly string[];
  readonly FLUX_TENANTS: Readonly<Record<string, TenantSkips>>;
  readonly RULES_MAX_PATTERNS: number;
  readonly RULES_MAX_PATTERN_BYTES: number;
}

interface TenantSkips {
  readonly skipList?: readonly string[] | undefined;
  readonly doNotSkipList?: readonly string[] | undefined;
}

export type CompiledSkipLists = { ok: true; lists: SkipLists } | { ok: false; problems: string[] };

/** A list of what to skip, and the one that beats it. */
interface Pair {
  readonly skip: PatternMatcher;
  readonly keep: PatternMatcher;
}

const NO_PATTERNS: PatternMatcher = { size: 0, match: () => undefined };

/**
 * Compiles the skip lists of settings.
 * @returns the lists, or one sentence for each list with a pattern that cannot be used.
 */
export function compileSkipLists(settings: SkipSettings): CompiledSkipLists {
  const limits = { maxPatterns: settings.RULES_MAX_PATTERNS, maxPatternBytes: settings.RULES_MAX_PATTERN_BYTES };
  const problems: string[] = [];
  const compile = (name: string, entries: readonly string[] = []) => compileList(name, entries, limits, problems);
  const ofAll = {
    skip: compile("SKIP_LIST", settings.SKIP_LIST),
    keep: compile("DO_NOT_SKIP_LIST", settings.DO_NOT_SKIP_LIST),
  };
  const ofTenants = new Map<string, Pair>();
  for (const [tenant, { skipList, doNotSkipList }] of Object.entries(settings.FLUX_TENANTS)) {
    const place = `FLUX_TENANTS, ${tenant}`;
    ofTenants.set(tenant, {
      skip: compile(`${place}, skipList`, skipList),
      keep: compile(`${place}, doNotSkipList`, doNotSkipList),
    });
  }
  return problems.length === 0 ? { ok: true, lists: createSkipLists(ofAll, ofTenants) } : { ok: false, problems };
}

function compileList(name: string, entries: readonly string[], limits: PatternLimits, problems: string[]) {
  const compiled = compilePatterns(entries, limits);
  if (compiled.ok) {
    return compiled.matcher;
  }
  problems.push(`cannot use ${name}: ${compiled.detail}`);
  return NO_PATTERNS;
}

function createSkipLists(ofAll: Pair, ofTenants: ReadonlyMap<string, Pair>): SkipLists {
  const lists: SkipLists = {
    skippedBy(series, owner) {
      if (ofAll.skip.size === 0 && (ofTenants.get(owner.tenant)?.skip.size ?? 0) === 0) {
        return undefined;
      }
      const { namespace } = owner;
      const known = series.verdicts.find((verdict) => verdict.lists === lists && verdict.namespace === namespace);
      if (known) {
        return known.skippedBy;
      }
      const decision = explain(labelsOf(series), owner);
      const verdict = { lists, namespace, skippedBy: decision.skip ? decision.by : undefined };
      // What older lists said goes; one series is seldom sent under two namespaces, so this stays one entry.
      series.verdicts = [...series.verdicts.filter((other) => other.lists === lists), verdict];
      return verdict.skippedBy;
    },
    explain,
  };

  function explain(labels: LabelSet, { tenant, namespace }: SkipOwner): SkipDecision {
    const subject = seriesSubject(labels);
    const subjects = [subject, withNamespace(subject, namespace)];
    const own = ofTenants.get(tenant);
    const pairs = own ? [ofAll, own] : [ofAll];
    const from = firstEntry(
      pairs.map(({ skip }) => skip),
      subjects,
    );
    if (from === undefined) {
      return { skip: false };
    }
    const by = firstEntry(
      pairs.map(({ keep }) => keep),
      subjects,
    );
    return by === undefined ? { skip: true, by: from } : { skip: false, saved: { from, by } };
  }

  return lists;
}

function firstEntry(matchers: readonly PatternMatcher[], subjects: readonly Subject[]): string | undefined {
  for (const matcher of matchers) {
    for (const subject of subjects) {
      const hit = matcher.match(subject);
      if (hit) {
        return hit.pattern;
      }
    }
  }
  return undefined;
}
