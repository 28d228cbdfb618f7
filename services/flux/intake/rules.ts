import type { Settings } from "../../../settings/schema.ts";
import {
  compilePatterns,
  type PatternHit,
  type PatternLimits,
  type PatternMatcher,
  type Subject,
  seriesSubject,
} from "../../shared/pattern-matcher.ts";
import type { Label, LabelSet } from "../../shared/series.ts";
import { type LabelRule, parseLabelRules, parseMetricPatterns } from "./header-rules.ts";
import { compileLabelDropper, type LabelDropper } from "./label-dropper.ts";

/** Rules of one origin, not yet compiled. */
export interface RuleSource {
  /** Whether errors name settings or headers; headers when left out. */
  readonly origin?: "settings" | "headers";
  readonly dropMetrics: readonly string[];
  readonly doNotDropMetrics: readonly string[];
  readonly dropLabels: readonly LabelRule[];
}

/** What is to become of a stream's labels and series. */
export interface Rules {
  /** Whether there is any rule for labels. */
  readonly dropsLabels: boolean;
  /** The labels that stay, in their order; the same array where all do. */
  dropLabels(labels: Label[]): Label[];
  /** Whether a series is kept. @param labels all of them, tenant's and server's included. */
  decide(labels: LabelSet): Decision;
}

/** `pattern`: the one that drops the series. */
export type Decision = { readonly keep: true } | { readonly keep: false; readonly pattern: string };

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

const NAMES = {
  settings: {
    drop: "the setting DROP_METRICS",
    keep: "the setting DO_NOT_DROP_METRICS",
    labels: "the setting DROP_LABELS",
  },
  headers: { drop: "the header dropMetrics", keep: "the header doNotDropMetrics", labels: "the header dropLabels" },
} as const;

/**
 * Compiles the rules of all sources into one set; the limits are for each list. A pattern of a doNotDropMetrics saves
 * a series from every dropMetrics, whichever source either is of.
 * @returns the rules, or in `detail` a whole sentence: which setting or header is wrong, where and why.
 */
export function compileRules(sources: readonly RuleSource[], limits: PatternLimits): CompiledRules {
  const drop: PatternMatcher[] = [];
  const keep: PatternMatcher[] = [];
  const labels: LabelDropper[] = [];
  for (const source of sources) {
    const names = NAMES[source.origin ?? "headers"];
    const dropMetrics = compilePatterns(source.dropMetrics, limits);
    if (!dropMetrics.ok) {
      return refuse(names.drop, dropMetrics.detail);
    }
    const doNotDropMetrics = compilePatterns(source.doNotDropMetrics, limits);
    if (!doNotDropMetrics.ok) {
      return refuse(names.keep, doNotDropMetrics.detail);
    }
    const dropLabels = compileLabelDropper(source.dropLabels, limits);
    if (!dropLabels.ok) {
      return refuse(names.labels, dropLabels.detail);
    }
    drop.push(dropMetrics.matcher);
    keep.push(doNotDropMetrics.matcher);
    labels.push(dropLabels.dropper);
  }
  return { ok: true, rules: combine(drop.filter(hasAny), keep.filter(hasAny), labels.filter(hasAny)) };
}

function combine(
  drop: readonly PatternMatcher[],
  keep: readonly PatternMatcher[],
  droppers: readonly LabelDropper[],
): Rules {
  return {
    dropsLabels: droppers.length > 0,
    dropLabels(labels) {
      const isDropped = (label: Label) => droppers.some((dropper) => dropper.drops(label));
      return labels.some(isDropped) ? labels.filter((label) => !isDropped(label)) : labels;
    },
    decide(labels) {
      if (drop.length === 0) {
        return { keep: true };
      }
      const subject = seriesSubject(labels);
      const hit = firstHit(drop, subject);
      return hit && !firstHit(keep, subject) ? { keep: false, pattern: hit.pattern } : { keep: true };
    },
  };
}

function firstHit(matchers: readonly PatternMatcher[], subject: Subject): PatternHit | undefined {
  for (const matcher of matchers) {
    const hit = matcher.match(subject);
    if (hit) {
      return hit;
    }
  }
  return undefined;
}

function hasAny({ size }: { readonly size: number }): boolean {
  return size > 0;
}

function refuse(name: string, why: string): { ok: false; detail: string } {
  return { ok: false, detail: `cannot use ${name}: ${why}` };
}
