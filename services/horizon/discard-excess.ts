import { excessClaims } from "./backlog-cap.ts";
import type { ClaimState, SinkProgress } from "./claim-state.ts";
import type { BacklogReason } from "./reasons.ts";
import { SharedReads } from "./shared-reads.ts";
import type { SinkTurn } from "./sink-turn.ts";
import type { Sink } from "./sinks/sink.ts";
import { Tally } from "./tally.ts";
import { type BlockReading, countSamples } from "./usable-slices.ts";

/**
 * Discards, for one sink, the oldest claims that are over its cap; other sinks still get them. Each is read once more,
 * so that what is lost is counted by tenant. At least one claim, and further ones until the turn ends.
 * @returns how many. @throws what Redis throws, LeaseLostError, and the reason of an aborted `signal`.
 */
export async function discardExcess(turn: SinkTurn, { name }: Sink): Promise<number> {
  const { ledger, reading, resting, cap, now, endMs, stopping, signal, metrics } = turn;
  const pending = ledger.pendingFor(name);
  // What is under way is not old any more when it has arrived.
  const isUnderWay = resting.claimOf(name, pending, reading.claims.token);
  const lost = new Tally();
  let discarded = 0;
  for (const { claim, reason } of excessClaims(pending, cap, now())) {
    if (stopping.aborted || (discarded > 0 && now() >= endMs)) {
      break;
    }
    if (claim.id === isUnderWay) {
      continue;
    }
    const tally = await countClaim(reading, claim, reason, signal);
    const progress: SinkProgress = { state: "confirmed", tally };
    await ledger.record(claim.id, name, progress);
    metrics.countDelivery(name, "discarded");
    lost.merge(tally);
    discarded++;
  }
  sayWhatIsLost(turn, name, discarded, lost);
  return discarded;
}

async function countClaim(
  reading: BlockReading,
  claim: ClaimState,
  reason: BacklogReason,
  signal: AbortSignal,
): Promise<Tally> {
  const tally = new Tally();
  for await (const { blocks } of reading.claims.readSlices(claim, reading.sliceBlocks, new SharedReads(1))) {
    signal.throwIfAborted();
    for (const [tenant, samples] of await countSamples(reading, claim, blocks)) {
      tally.claim(tenant, samples);
      tally.skip(tenant, reason, samples);
    }
  }
  return tally;
}

function sayWhatIsLost({ logger }: SinkTurn, sink: Sink["name"], claims: number, lost: Tally): void {
  if (claims > 0) {
    const samples = [...lost].reduce((sum, [, { claimed }]) => sum + claimed, 0);
    const told = { sink, claims, samples, tenants: [...lost].length };
    logger.error(
      told,
      "Discarded the oldest claims of a sink: its backlog is over HORIZON_BACKLOG_MAX_BYTES or _AGE_SECONDS",
    );
  }
}
