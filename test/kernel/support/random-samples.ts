import type { SampleColumns } from "../../../services/shared/block.ts";
import type { FillColumns } from "../../../services/shared/block-encoder.ts";
import type { Random } from "../../support/random.ts";

/** Ids and values of any bits; times that are mostly those of the sample before, and of any size otherwise. */
export function randomSamples(count: number, random: Random): SampleColumns {
  const word = () => random.below(2 ** 32);
  let timestampMs = 0;
  const nextTime = () => {
    if (random.below(4) === 0) {
      timestampMs = Math.floor((random.next() - 0.5) * 2 ** (1 + random.below(51)));
    }
    return timestampMs;
  };
  return {
    ids: new BigUint64Array(Uint32Array.from({ length: 2 * count }, word).buffer),
    timestampsMs: Float64Array.from({ length: count }, nextTime),
    valueBits: new BigUint64Array(Uint32Array.from({ length: 2 * count }, word).buffer),
  };
}

/** Writes these samples. */
export function copyOf(samples: SampleColumns): FillColumns {
  return ({ ids, timestampsMs, valueBits }) => {
    ids.set(samples.ids);
    timestampsMs.set(samples.timestampsMs);
    valueBits.set(samples.valueBits);
  };
}
