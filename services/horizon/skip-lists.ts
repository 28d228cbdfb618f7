import {
  type CompiledPatterns,
  compilePatterns,
  type PatternMatcher,
  seriesSubject,
  withNamespace,
} from "../shared/pattern-matcher.ts";
import { type KnownSeries, labelsOf } from "./known-series.ts";

/** SKIP_LIST and DO_NOT_SKIP_LIST, compiled. */
export interface SkipLists {
  /** Whether samples of a series that came under a namespace are to be skipped. Remembered with the series. */
  shouldSkip(series: KnownSeries, namespace: string): boolean;
}

/** The settings that skip lists are made of. */
export interface SkipSettings {
  readonly SKIP_LIST: readonly string[];
  readonly DO_NOT_SKIP_LIST: readonly string[];
  readonly RULES_MAX_PATTERNS: number;
  readonly RULES_MAX_PATTERN_BYTES: number;
}

export type CompiledSkipLists = { ok: true; lists: SkipLists } | { ok: false; problems: string[] };

/**
 * Compiles the skip lists of settings.
 * @returns the lists, or one sentence for each list with a pattern that cannot be used.
 */
export function compileSkipLists(settings: SkipSettings): CompiledSkipLists {
  const limits = { maxPatterns: settings.RULES_MAX_PATTERNS, maxPatternBytes: settings.RULES_MAX_PATTERN_BYTES };
  const skip = compilePatterns(settings.SKIP_LIST, limits);
  const keep = compilePatterns(settings.DO_NOT_SKIP_LIST, limits);
  if (skip.ok && keep.ok) {
    return { ok: true, lists: createSkipLists(skip.matcher, keep.matcher) };
  }
  return { ok: false, problems: [...problemOf("SKIP_LIST", skip), ...problemOf("DO_NOT_SKIP_LIST", keep)] };
}

function problemOf(setting: string, compiled: CompiledPatterns): string[] {
  return compiled.ok ? [] : [`cannot use ${setting}: ${compiled.detail}`];
}

function createSkipLists(skip: PatternMatcher, keep: PatternMatcher): SkipLists {
  const lists: SkipLists = {
    shouldSkip(series, namespace) {
      if (skip.size === 0) {
        return false;
      }
      const known = series.verdicts.find((verdict) => verdict.lists === lists && verdict.namespace === namespace);
      if (known) {
        return known.skip;
      }
      const verdict = { lists, namespace, skip: decide(series, namespace) };
      // What older lists said goes; one series is seldom sent under two namespaces, so this stays one entry.
      series.verdicts = [...series.verdicts.filter((other) => other.lists === lists), verdict];
      return verdict.skip;
    },
  };

  function decide(series: KnownSeries, namespace: string): boolean {
    const subject = seriesSubject(labelsOf(series));
    const namespaced = withNamespace(subject, namespace);
    const hits = (matcher: PatternMatcher) => (matcher.match(subject) ?? matcher.match(namespaced)) !== undefined;
    return hits(skip) && !hits(keep);
  }

  return lists;
}
