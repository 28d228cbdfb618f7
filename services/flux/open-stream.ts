import type { Sender } from "./intake/identity.ts";
import { compileRules, headerRules, type RuleHeaders } from "./intake/rules.ts";
import type { StreamSeries } from "./intake/series-table.ts";
import type { StreamTable } from "./intake/stream-table.ts";
import type { Policy } from "./policy.ts";
import type { Refusal } from "./reasons.ts";
import { singleHeader, type WriteRequest } from "./write-request.ts";

/**
 * The stream that a request belongs to: found by the words of its headers, so that rules are parsed and compiled once
 * for all requests that carry the same ones.
 */
export function openStream(
  streams: StreamTable,
  policy: Policy,
  sender: Sender,
  headers: WriteRequest["headers"],
): { ok: true; stream: StreamSeries } | Refusal {
  const words: RuleHeaders = {
    dropMetrics: singleHeader(headers, "dropmetrics"),
    doNotDropMetrics: singleHeader(headers, "donotdropmetrics"),
    dropLabels: singleHeader(headers, "droplabels"),
  };
  const key = JSON.stringify([sender.keyIndex, sender.tenant, sender.server, ...Object.values(words)]);
  const known = streams.find(key);
  if (known) {
    return { ok: true, stream: known };
  }
  const own = headerRules(words);
  if (!own.ok) {
    return { ok: false, code: "bad_rules", detail: own.detail };
  }
  const compiled = compileRules([policy.rules, own.source], policy.patternLimits);
  return compiled.ok
    ? { ok: true, stream: streams.open(key, { sender, rules: compiled.rules }) }
    : { ok: false, code: "bad_rules", detail: compiled.detail };
}
