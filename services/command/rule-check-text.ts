import type { AppliedLabelRule, AppliedRule, RuleOrigin } from "../flux/intake/rules.ts";
import type { SkipEntry } from "../horizon/skip-lists.ts";
import { printable } from "./printable.ts";
import type { CheckedSeries, RefusedInput, RuleCheck } from "./rule-check.ts";

/** A check as text for people: a line for each series, below it why, and the sums at the end. */
export function* ruleCheckText({ series, refused, summary }: RuleCheck): Generator<string, void, undefined> {
  for (const one of series) {
    yield line(one.verdict, one.name);
    for (const reason of reasonsOf(one)) {
      yield line("", `  ${reason}`);
    }
  }
  for (const one of refused) {
    yield line("refuse", one.where ?? one.sent ?? "a series whose labels are not readable");
    yield line("", `  ${refusalText(one)}`);
  }
  const { kept, merged, skipped, dropped } = summary;
  yield `\n${kept} kept, ${skipped} skipped by Horizon, ${dropped} dropped, ${summary.refused} refused`;
  yield merged > 0 ? `; ${merged} became the same as another\n` : "\n";
}

function reasonsOf(one: CheckedSeries): string[] {
  const reasons = one.dropped_labels.map(
    ({ name, value, rule }) => `without ${name}=${JSON.stringify(value)}: ${labelRuleText(rule)}`,
  );
  if (one.merged_with !== undefined) {
    reasons.push(`the same as ${one.merged_with}: their samples mix`);
  }
  if (one.rule) {
    reasons.push(`by ${ruleText(one.rule)}`);
  }
  if (one.saved) {
    reasons.push(`kept by ${ruleText(one.saved.by)}, against ${ruleText(one.saved.from)}`);
  }
  if (one.skipped_by) {
    reasons.push(`by ${skipEntryText(one.skipped_by)}`);
  }
  if (one.saved_from_skip) {
    const { by, from } = one.saved_from_skip;
    reasons.push(`kept by ${skipEntryText(by)}, against ${skipEntryText(from)}`);
  }
  return reasons;
}

function refusalText({ reason, detail }: RefusedInput): string {
  return `${reason}: ${detail}`;
}

function ruleText({ origin, list, pattern }: AppliedRule): string {
  return `${JSON.stringify(pattern)} in ${listText(origin, list)}`;
}

function labelRuleText({ origin, list, label, pattern }: AppliedLabelRule): string {
  return `${JSON.stringify(pattern === undefined ? [label] : [label, pattern])} in ${listText(origin, list)}`;
}

function skipEntryText({ list, pattern }: SkipEntry): string {
  const isTenants = list === "skipList" || list === "doNotSkipList";
  return `${JSON.stringify(pattern)} in ${isTenants ? listText("tenant", list) : list}`;
}

const WHERE: Readonly<Record<RuleOrigin, string>> = {
  settings: "the settings",
  tenant: "the tenant's settings",
  key: "the key's settings",
  headers: "the headers",
  file: "the file of rules",
};

function listText(origin: RuleOrigin, list: string): string {
  return `${list} of ${WHERE[origin]}`;
}

/** Wide enough for the longest verdict. */
const VERDICT_WIDTH = 8;

function line(verdict: string, text: string): string {
  return `${verdict.padEnd(VERDICT_WIDTH)}${printable(text)}\n`;
}
