import type { Payload } from "../formats/payload.ts";
import type { Intake } from "../intake/intake.ts";
import { totalSamples } from "../intake/total-samples.ts";

/**
 * A sentence about the samples of a stored request that were refused: how many, and the first of them.
 * @returns undefined when none was.
 */
export function describeRefusals({ invalid }: Payload, intake: Intake): string | undefined {
  const { refused, refusals, received, kept } = intake;
  const count = totalSamples(refused) + invalid.length;
  const first = firstWords(invalid[0], refusals[0]);
  const others = kept.series.length > 0 ? "the others are stored" : "nothing is stored";
  return first === undefined
    ? undefined
    : `${count} of ${received + invalid.length} samples refused, ${others}; the first: ${first}`;
}

function firstWords(part: Payload["invalid"][number] | undefined, series: Intake["refusals"][number] | undefined) {
  if (part) {
    return `${part.where}: ${part.detail}`;
  }
  return series && `${series.reason}: ${series.detail}`;
}
