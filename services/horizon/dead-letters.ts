import type { BlockOwner } from "../shared/block.ts";
import { formatSeriesName } from "../shared/series.ts";
import type { SinkName } from "./claim-state.ts";
import { labelsOf } from "./known-series.ts";
import type { DeadBlockReason, DeadReason } from "./reasons.ts";
import type { RefusedSamples } from "./sinks/sink.ts";

/*
 * What a dead letter says: fields of a stream entry, for people and for whoever wants to send the samples again.
 * A store that refuses the same samples in a second delivery gets a second letter; the counters count them once.
 */

/** Fields that stand beside a block: name, value, … */
export function deadBlockFields(reason: DeadBlockReason, atMs: number, owner: BlockOwner | undefined): string[] {
  return ["reason", reason, "at_ms", String(atMs), "tenant", owner?.tenant ?? "", "server", owner?.server ?? ""];
}

/** Fields of samples that a store refuses. Samples are JSON: [timestamp in ms, 64 bits of the value in hex], … */
export function refusedFields(sink: SinkName, atMs: number, refused: RefusedSamples): string[] {
  const reason: DeadReason = "refused_by_store";
  const samples = refused.samples.map(({ timestampMs, bits }) => [timestampMs, bits.toString(16).padStart(16, "0")]);
  return [
    ...["reason", reason, "at_ms", String(atMs), "tenant", refused.tenant, "sink", sink],
    ...["detail", refused.detail, "series_id", refused.series.idText],
    ...["labels", formatSeriesName(labelsOf(refused.series)), "samples", JSON.stringify(samples)],
  ];
}
