import type { ClaimState, SinkProgress } from "./claim-state.ts";
import { refusedFields } from "./dead-letters.ts";
import type { OnRefused, Sink } from "./sinks/sink.ts";
import type { Slice } from "./slice.ts";
import { Tally } from "./tally.ts";
import { type BlockReading, usableSlices } from "./usable-slices.ts";

/** Samples in one dead letter at most. */
const SAMPLES_PER_LETTER = 5000;

/**
 * Delivers a whole claim to one sink. What is in the claim when this returns, the sink has taken, skipped or refused.
 * @param proof what the sink said of itself at some moment before: a store that dies later is another one then.
 * @returns the progress to write down.
 * @throws RetryableError when the sink takes nothing now; the claim is then to be delivered again from its start.
 */
export async function deliverClaim(
  reading: BlockReading,
  sink: Sink,
  claim: ClaimState,
  proof: string | undefined,
  signal: AbortSignal,
): Promise<SinkProgress> {
  const delivery = await sink.begin(toDeadLetters(reading, sink), signal);
  const tally = new Tally();
  for await (const slice of usableSlices(reading, claim)) {
    signal.throwIfAborted();
    countSlice(tally, slice);
    await delivery.write(slice, signal);
  }
  tally.merge(await delivery.finish(signal));
  reportImbalance(reading, sink, claim, tally);
  const keepsAll = sink.settleMs === 0 || proof === undefined;
  return {
    state: keepsAll ? "confirmed" : "delivered",
    deliveredAtMs: reading.now(),
    ...(proof !== undefined && { proof }),
    tally,
  };
}

function toDeadLetters({ claims, now }: BlockReading, sink: Sink): OnRefused {
  return async (refused) => {
    for (let start = 0; start < refused.samples.length; start += SAMPLES_PER_LETTER) {
      const samples = refused.samples.slice(start, start + SAMPLES_PER_LETTER);
      await claims.burySamples(refusedFields(sink.name, now(), { ...refused, samples }));
    }
  };
}

function countSlice(tally: Tally, { claimed, skipped }: Slice): void {
  for (const [tenant, samples] of claimed) {
    tally.claim(tenant, samples);
  }
  for (const [tenant, samples] of skipped) {
    tally.skip(tenant, "skip_list", samples);
  }
}

function reportImbalance({ logger }: BlockReading, sink: Sink, claim: ClaimState, tally: Tally): void {
  const tenants = tally.unbalancedTenants();
  if (tenants.length > 0) {
    logger.error({ sink: sink.name, claim: claim.id, tenants }, "Bug: samples of a claim are not accounted for");
  }
}
