import type { Answer } from "./http/answer.ts";
import { totalSamples } from "./intake/total-samples.ts";
import { explainRequest, type TakenRequest } from "./request-explanation.ts";
import { singleHeader, type WriteRequest } from "./write-request.ts";

const DEFAULT_EXAMPLES = 100;
const MAX_EXAMPLES = 1000;

/** Whether the sender only wants to know what would happen. Skyline took any word, even `false`; here that means no. */
export function isTestOnly(headers: WriteRequest["headers"]): boolean {
  const word = (singleHeader(headers, "x-test-only") ?? "").trim().toLowerCase();
  return word !== "" && word !== "false" && word !== "0";
}

/** How many examples of each kind `?examples=N` asks for: at most 1000, and 100 where it holds no number. */
export function examplesAskedFor(query: URLSearchParams): number {
  const word = query.get("examples") ?? "";
  return /^\d+$/.test(word) ? Math.min(Number(word), MAX_EXAMPLES) : DEFAULT_EXAMPLES;
}

/**
 * What would be kept and dropped, and by which rules; nothing was written. The first four names are Skyline's, and so are
 * `metrics` and `dropped`, which are lists here. docs/rules.md describes every name.
 */
export function testReport(tenant: string, taken: TakenRequest, maxExamples: number): Answer {
  const { payload, intake } = taken;
  return {
    status: 200,
    headers: {},
    body: JSON.stringify({
      tenant_id: tenant,
      message: "metric ingestion test, no metrics were ingested only counts are reported",
      ingest_count: intake.kept.series.length,
      drop_count: totalSamples(intake.dropped),
      refused_count: totalSamples(intake.refused) + payload.invalid.length,
      dropped_by_reason: Object.fromEntries(intake.dropped),
      refused_by_reason: Object.fromEntries([
        ...intake.refused,
        ...(payload.invalid.length > 0 ? [["unreadable", payload.invalid.length]] : []),
      ]),
      merged_series: intake.mergedSeries,
      examples_at_most: maxExamples,
      ...explainRequest(taken, maxExamples),
    }),
  };
}
