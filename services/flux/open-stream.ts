import { RegexBudget } from "../shared/regex-budget.ts";
import type { Sender } from "./intake/identity.ts";
import { compileRules, headerRules, type RuleHeaders, type RuleSource } from "./intake/rules.ts";
import type { StreamSeries } from "./intake/series-table.ts";
import { Stream } from "./intake/stream.ts";
import type { StreamTable } from "./intake/stream-table.ts";
import type { Policy, Terms } from "./policy.ts";
import { PROCESS_CLOCKS } from "./process-clocks.ts";
import type { Refusal } from "./reasons.ts";
import { singleHeader, type WriteRequest } from "./write-request.ts";

/**
 * The stream that a request belongs to: found by the words of its headers, so that rules are parsed and compiled once
 * for all requests that carry the same ones. Words whose patterns have proved too slow are refused. A request that began before a reload goes on under the policy that it
 * began with, and leaves nothing of it to those that come after.
 */
export function openStream(
  streams: StreamTable,
  policy: Policy,
  terms: Terms,
  sender: Sender,
  headers: WriteRequest["headers"],
): { ok: true; stream: StreamSeries } | Refusal {
  const words: RuleHeaders = {
    dropMetrics: singleHeader(headers, "dropmetrics"),
    doNotDropMetrics: singleHeader(headers, "donotdropmetrics"),
    dropLabels: singleHeader(headers, "droplabels"),
  };
  const name = { tenant: sender.tenant, words: streamWords(sender, words), policy };
  const known = streams.find(name);
  if (known) {
    return known.stream.rules.budget?.isExceeded ? RULES_TOO_SLOW : { ok: true, stream: known };
  }
  const parsed = headerRules(words);
  if (!parsed.ok) {
    return { ok: false, code: "bad_rules", detail: parsed.detail };
  }
  const compiled = compileRules([...terms.rules, parsed.source], policy.patternLimits, budgetFor(parsed.source));
  return compiled.ok
    ? { ok: true, stream: streams.open(name, new Stream(sender, compiled.rules)) }
    : { ok: false, code: "bad_rules", detail: compiled.detail };
}

/** Everything of a stream's name but its tenant. No two streams have the same: each part is behind its length. */
function streamWords({ keyIndex, server }: Sender, { dropMetrics, doNotDropMetrics, dropLabels }: RuleHeaders): string {
  return `${keyIndex} ${measured(server)}${measured(dropMetrics)}${measured(doNotDropMetrics)}${measured(dropLabels)}`;
}

function measured(word: string | undefined): string {
  return word === undefined ? "-" : `${word.length}:${word}`;
}

/** What is answered where a sender's patterns have exceeded their budget. */
export const RULES_TOO_SLOW: Refusal = {
  ok: false,
  code: "bad_rules",
  detail:
    "cannot use the headers dropMetrics, doNotDropMetrics and dropLabels: their patterns take too long; write fewer and simpler regular expressions",
};

function budgetFor({ dropMetrics, doNotDropMetrics, dropLabels }: RuleSource): RegexBudget | undefined {
  const patterns = dropMetrics.length + doNotDropMetrics.length + dropLabels.length;
  return patterns === 0 ? undefined : new RegexBudget(PROCESS_CLOCKS);
}
