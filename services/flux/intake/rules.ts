import type { Settings } from "../../../settings/schema.ts";
import {
  compilePatterns,
  type PatternLimits,
  type PatternMatcher,
  type Subject,
  seriesSubject,
} from "../../shared/pattern-matcher.ts";
import type { RegexBudget } from "../../shared/regex-budget.ts";
import type { Label, LabelSet } from "../../shared/series.ts";
import { type LabelRule, parseLabelRules, parseMetricPatterns } from "./header-rules.ts";
import { compileLabelDropper, type LabelDropper } from "./label-dropper.ts";

/** Whose rules: the operator's for all, for one tenant, for one key; the sender's; those of a file that is tried out. */
export type RuleOrigin = "settings" | "tenant" | "key" | "headers" | "file";

/** Rules of one origin, not yet compiled. */
export interface RuleSource {
  /** The sender's own headers when left out. */
  readonly origin?: RuleOrigin;
  /** Where in the settings those of a tenant or key stand, for errors. */
  readonly place?: string;
  readonly dropMetrics: readonly string[];
  readonly doNotDropMetrics: readonly string[];
  readonly dropLabels: readonly LabelRule[];
}

/** What is to become of a stream's labels and series. */
export interface Rules {
  /** What the sender's own regular expressions may cost; undefined where that is anything. */
  readonly budget: RegexBudget | undefined;
  /** Whether any rule may drop a series. */
  readonly dropsMetrics: boolean;
  /** Names of the labels that a rule may take away. */
  readonly ruledLabels: readonly string[];
  /** The labels that stay, in their order; the same array where all do. */
  dropLabels(labels: Label[]): Label[];
  /** The rule that makes `dropLabels` take a label away, or undefined where the label stays. */
  labelRule(label: Label): AppliedLabelRule | undefined;
  /** Whether a series is kept. @param labels all of them, tenant's and server's included. */
  decide(labels: LabelSet): Decision;
}

/** A rule that was applied, as people find it again: whose, in which list, and how it is written there. */
export interface AppliedRule {
  readonly origin: RuleOrigin;
  /** `DROP_METRICS`, `dropMetrics`, … */
  readonly list: string;
  readonly pattern: string;
}

/** A rule of a list for labels. Without a pattern it takes every value. */
export interface AppliedLabelRule {
  readonly origin: RuleOrigin;
  readonly list: string;
  readonly label: string;
  readonly pattern?: string;
}

/** `saved`: kept although `from` would drop it, because of `by`. */
export type Decision =
  | { readonly keep: true; readonly saved?: { readonly from: AppliedRule; readonly by: AppliedRule } }
  | { readonly keep: false; readonly rule: AppliedRule };

export type CompiledRules = { ok: true; rules: Rules } | { ok: false; detail: string };

/** The operator's rules. */
export function settingsRules(
  settings: Pick<Settings, "DROP_METRICS" | "DO_NOT_DROP_METRICS" | "DROP_LABELS">,
): RuleSource {
  return {
    origin: "settings",
    dropMetrics: settings.DROP_METRICS,
    doNotDropMetrics: settings.DO_NOT_DROP_METRICS,
    dropLabels: settings.DROP_LABELS,
  };
}

/** The headers that hold rules, as they came. */
export interface RuleHeaders {
  readonly dropMetrics: string | undefined;
  readonly doNotDropMetrics: string | undefined;
  readonly dropLabels: string | undefined;
}

/**
 * The sender's rules.
 * @returns them, or in `detail` which header cannot be read and why.
 */
export function headerRules(headers: RuleHeaders): { ok: true; source: RuleSource } | { ok: false; detail: string } {
  const drop = parseMetricPatterns(headers.dropMetrics, "dropMetrics");
  if (!drop.ok) {
    return drop;
  }
  const doNotDrop = parseMetricPatterns(headers.doNotDropMetrics, "doNotDropMetrics");
  if (!doNotDrop.ok) {
    return doNotDrop;
  }
  const labels = parseLabelRules(headers.dropLabels);
  if (!labels.ok) {
    return labels;
  }
  const source = {
    origin: "headers",
    dropMetrics: drop.patterns,
    doNotDropMetrics: doNotDrop.patterns,
    dropLabels: labels.rules,
  } as const;
  return { ok: true, source };
}

/** What the three lists of a source are called where they are written. */
interface ListNames {
  readonly drop: string;
  readonly keep: string;
  readonly labels: string;
}

const SETTINGS_LISTS: ListNames = { drop: "DROP_METRICS", keep: "DO_NOT_DROP_METRICS", labels: "DROP_LABELS" };
const OTHER_LISTS: ListNames = { drop: "dropMetrics", keep: "doNotDropMetrics", labels: "dropLabels" };

/** A list of a source as errors name it. */
function quoteList({ origin = "headers", place = "" }: RuleSource, list: string): string {
  switch (origin) {
    case "settings":
      return `the setting ${list}`;
    case "headers":
      return `the header ${list}`;
    case "file":
      return `${list} of the file`;
    case "tenant":
    case "key":
      return `${place}, ${list}`;
  }
}

/** Rules of one origin, compiled: they may serve many streams at a time. */
export interface CompiledSource {
  readonly source: RuleSource;
  readonly drop: PatternList;
  readonly keep: PatternList;
  readonly labels: LabelRuleList;
}

/**
 * Compiles the rules of one source; the limits are for each of its lists.
 * @param budget what the regular expressions of the sender's headers may cost. Of other sources it is not asked.
 * @returns them, or in `detail` a whole sentence: which setting or header is wrong, where and why.
 */
export function compileSource(
  source: RuleSource,
  limits: PatternLimits,
  budget?: RegexBudget,
): { ok: true; compiled: CompiledSource } | { ok: false; detail: string } {
  const { origin = "headers" } = source;
  const names = origin === "settings" ? SETTINGS_LISTS : OTHER_LISTS;
  const ownBudget = origin === "headers" ? budget : undefined;
  const dropMetrics = compilePatterns(source.dropMetrics, limits, ownBudget);
  if (!dropMetrics.ok) {
    return refuse(quoteList(source, names.drop), dropMetrics.detail);
  }
  const doNotDropMetrics = compilePatterns(source.doNotDropMetrics, limits, ownBudget);
  if (!doNotDropMetrics.ok) {
    return refuse(quoteList(source, names.keep), doNotDropMetrics.detail);
  }
  const dropLabels = compileLabelDropper(source.dropLabels, limits, ownBudget);
  if (!dropLabels.ok) {
    return refuse(quoteList(source, names.labels), dropLabels.detail);
  }
  const compiled = {
    source,
    drop: { origin, list: names.drop, rules: dropMetrics.matcher },
    keep: { origin, list: names.keep, rules: doNotDropMetrics.matcher },
    labels: { origin, list: names.labels, rules: dropLabels.dropper },
  };
  return { ok: true, compiled };
}

/**
 * Makes one set of the rules of all sources, and compiles those that are not compiled yet. A pattern of a
 * doNotDropMetrics saves a series from every dropMetrics, whichever source either is of.
 * @param budget what the regular expressions of the sender's headers may cost. Once it is exceeded, decisions are no
 * longer those of the rules.
 * @returns the rules, or in `detail` what is wrong, as `compileSource` says it.
 */
export function compileRules(
  sources: readonly (RuleSource | CompiledSource)[],
  limits: PatternLimits,
  budget?: RegexBudget,
): CompiledRules {
  const all: CompiledSource[] = [];
  for (const source of sources) {
    const made = "drop" in source ? { ok: true as const, compiled: source } : compileSource(source, limits, budget);
    if (!made.ok) {
      return made;
    }
    all.push(made.compiled);
  }
  const drop = all.map((one) => one.drop).filter(hasAny);
  const keep = all.map((one) => one.keep).filter(hasAny);
  const labels = all.map((one) => one.labels).filter(hasAny);
  return { ok: true, rules: { ...combine(drop, keep, labels), budget } };
}

/** A compiled list and where it is found. */
interface RuleList<Compiled> {
  readonly origin: RuleOrigin;
  readonly list: string;
  readonly rules: Compiled;
}
type PatternList = RuleList<PatternMatcher>;
type LabelRuleList = RuleList<LabelDropper>;

function combine(
  drop: readonly PatternList[],
  keep: readonly PatternList[],
  labelLists: readonly LabelRuleList[],
): Omit<Rules, "budget"> {
  return {
    dropsMetrics: drop.length > 0,
    ruledLabels: [...new Set(labelLists.flatMap(({ rules }) => rules.labels))],
    dropLabels(labels) {
      const isDropped = (label: Label) => labelLists.some(({ rules }) => rules.ruleFor(label) !== undefined);
      return labels.some(isDropped) ? labels.filter((label) => !isDropped(label)) : labels;
    },
    labelRule: (label) => firstLabelRule(labelLists, label),
    decide(labels) {
      if (drop.length === 0) {
        return { keep: true };
      }
      const subject = seriesSubject(labels);
      const rule = firstHit(drop, subject);
      if (!rule) {
        return { keep: true };
      }
      const by = firstHit(keep, subject);
      return by ? { keep: true, saved: { from: rule, by } } : { keep: false, rule };
    },
  };
}

function firstHit(lists: readonly PatternList[], subject: Subject): AppliedRule | undefined {
  for (const { origin, list, rules } of lists) {
    const hit = rules.match(subject);
    if (hit) {
      return { origin, list, pattern: hit.pattern };
    }
  }
  return undefined;
}

function firstLabelRule(lists: readonly LabelRuleList[], label: Label): AppliedLabelRule | undefined {
  for (const { origin, list, rules } of lists) {
    const rule = rules.ruleFor(label);
    if (rule) {
      const [name, pattern] = rule;
      return { origin, list, label: name, ...(pattern !== undefined && { pattern }) };
    }
  }
  return undefined;
}

function hasAny({ rules }: { readonly rules: { readonly size: number } }): boolean {
  return rules.size > 0;
}

function refuse(name: string, why: string): { ok: false; detail: string } {
  return { ok: false, detail: `cannot use ${name}: ${why}` };
}
