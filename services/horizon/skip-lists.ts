import {
  compilePatterns,
  type PatternMatcher,
  type Subject,
  seriesSubject,
  withNamespace,
} from "../shared/pattern-matcher.ts";
import type { LabelSet } from "../shared/series.ts";
import { labelsOf } from "./known-series.ts";
import type { SeriesTable } from "./series-table.ts";
import { SkipVerdicts } from "./skip-verdicts.ts";

/** Whose a series is. */
export interface SkipOwner {
  readonly tenant: string;
  readonly namespace: string;
}

/** Gives the entry that skips a series, by its number in a table, or undefined. */
export type Skipper = (number: number) => string | undefined;

/** SKIP_LIST and DO_NOT_SKIP_LIST, and what tenants have beside them, compiled. */
export interface SkipLists {
  /**
   * What says which series of a table are skipped when they come from an owner; what it says is remembered as long as the
   * table is. Undefined where there is no entry that could skip any.
   */
  skipperOf(table: SeriesTable, owner: SkipOwner): Skipper | undefined;
  /** The same for the labels of any series, with the entries that say so. Remembers nothing. */
  explain(labels: LabelSet, owner: SkipOwner): SkipDecision;
}

/** An entry, and the list that it stands in; `skipList` and `doNotSkipList` are those of the tenant. */
export interface SkipEntry {
  readonly list: "SKIP_LIST" | "DO_NOT_SKIP_LIST" | "skipList" | "doNotSkipList";
  readonly pattern: string;
}

/** An entry that would skip a series, and the one that beats it. */
export interface SavedFromSkip {
  readonly from: SkipEntry;
  readonly by: SkipEntry;
}

/** `by`: the entry that skips a series. `saved`: why none does although an entry says so. */
export type SkipDecision =
  | { readonly skip: true; readonly by: SkipEntry }
  | { readonly skip: false; readonly saved?: SavedFromSkip };

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

interface List {
  readonly name: SkipEntry["list"];
  readonly matcher: PatternMatcher;
}

/** A list of what to skip, and the one that beats it. */
interface Pair {
  readonly skip: List;
  readonly keep: List;
}

const NO_PATTERNS: PatternMatcher = { size: 0, match: () => undefined };

/**
 * Compiles the skip lists of settings.
 * @returns the lists, or one sentence for each list with a pattern that cannot be used.
 */
export function compileSkipLists(settings: SkipSettings): CompiledSkipLists {
  const limits = { maxPatterns: settings.RULES_MAX_PATTERNS, maxPatternBytes: settings.RULES_MAX_PATTERN_BYTES };
  const problems: string[] = [];
  /** @param place where the list stands; empty for one that is a setting itself. */
  const compile = (place: string, name: SkipEntry["list"], entries: readonly string[] = []): List => {
    const compiled = compilePatterns(entries, limits);
    if (compiled.ok) {
      return { name, matcher: compiled.matcher };
    }
    problems.push(`cannot use ${place}${name}: ${compiled.detail}`);
    return { name, matcher: NO_PATTERNS };
  };
  const ofAll = {
    skip: compile("", "SKIP_LIST", settings.SKIP_LIST),
    keep: compile("", "DO_NOT_SKIP_LIST", settings.DO_NOT_SKIP_LIST),
  };
  const ofTenants = new Map<string, Pair>();
  for (const [tenant, { skipList, doNotSkipList }] of Object.entries(settings.FLUX_TENANTS)) {
    const place = `FLUX_TENANTS, ${tenant}, `;
    ofTenants.set(tenant, {
      skip: compile(place, "skipList", skipList),
      keep: compile(place, "doNotSkipList", doNotSkipList),
    });
  }
  return problems.length === 0 ? { ok: true, lists: createSkipLists(ofAll, ofTenants) } : { ok: false, problems };
}

function createSkipLists(ofAll: Pair, ofTenants: ReadonlyMap<string, Pair>): SkipLists {
  const verdicts = new WeakMap<SeriesTable, SkipVerdicts>();

  function skipperOf(table: SeriesTable, owner: SkipOwner): Skipper | undefined {
    const entries = ofAll.skip.matcher.size + (ofTenants.get(owner.tenant)?.skip.matcher.size ?? 0);
    if (entries === 0) {
      return undefined;
    }
    const ofTable = verdictsOf(table);
    const decide: Skipper = (number) => {
      const decision = explain(labelsOf(table.at(number)), owner);
      return decision.skip ? decision.by.pattern : undefined;
    };
    return (number) => ofTable.take(number, owner.namespace, decide);
  }

  function verdictsOf(table: SeriesTable): SkipVerdicts {
    const known = verdicts.get(table) ?? new SkipVerdicts();
    verdicts.set(table, known);
    return known;
  }

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

  return { skipperOf, explain };
}

function firstEntry(lists: readonly List[], subjects: readonly Subject[]): SkipEntry | undefined {
  for (const { name, matcher } of lists) {
    for (const subject of subjects) {
      const hit = matcher.match(subject);
      if (hit) {
        return { list: name, pattern: hit.pattern };
      }
    }
  }
  return undefined;
}
