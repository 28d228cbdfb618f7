import type { Payload } from "./formats/payload.ts";
import type { Answer } from "./http/answer.ts";
import type { Intake } from "./intake/intake.ts";
import { totalSamples } from "./intake/total-samples.ts";
import { singleHeader, type WriteRequest } from "./write-request.ts";

/** Whether the sender only wants to know what would happen. Skyline took any word, even `false`; here that means no. */
export function isTestOnly(headers: WriteRequest["headers"]): boolean {
  const word = (singleHeader(headers, "x-test-only") ?? "").trim().toLowerCase();
  return word !== "" && word !== "false" && word !== "0";
}

/** What would be kept and dropped; nothing was written. The first four names are Skyline's. */
export function testReport(tenant: string, { invalid }: Payload, intake: Intake): Answer {
  return {
    status: 200,
    headers: {},
    body: JSON.stringify({
      tenant_id: tenant,
      message: "metric ingestion test, no metrics were ingested only counts are reported",
      ingest_count: intake.kept.series.length,
      drop_count: totalSamples(intake.dropped),
      refused_count: totalSamples(intake.refused) + invalid.length,
      dropped_by_reason: Object.fromEntries(intake.dropped),
      refused_by_reason: Object.fromEntries(intake.refused),
      merged_series: intake.mergedSeries,
      ...(invalid[0] && { first_invalid: invalid[0] }),
      ...(intake.refusals[0] && { first_refused: intake.refusals[0] }),
    }),
  };
}
