import { ClaimDelivery } from "./claim-delivery.ts";
import type { ClaimState } from "./claim-state.ts";
import type { SinkReport, SinkTurn } from "./sink-turn.ts";
import type { Sink } from "./sinks/sink.ts";

/**
 * Gives a sink the claims that it does not have. The newest comes first and has the whole turn, because what is
 * happening now matters most. Then the backlog has its part of the turn; the claim at hand when that is over rests
 * until the next cycle, and is gone on with when the newest of that has been delivered.
 * @throws RetryableError when the sink takes nothing now; the claim at hand begins anew then.
 */
export async function deliverPending(
  turn: SinkTurn,
  sink: Sink,
  proof: string | undefined,
  report: SinkReport,
): Promise<void> {
  const { ledger, resting, reading, stopping, drainEndMs, now } = turn;
  const pending = ledger.pendingFor(sink.name);
  const order = deliveryOrder(pending, resting.claimOf(sink.name, pending, reading.claims.token));
  for (const [position, claim] of order.entries()) {
    const isBacklog = position > 0;
    if (stopping.aborted || (isBacklog && now() >= drainEndMs)) {
      return;
    }
    const isDelivered = await deliverClaim(turn, sink, { claim, proof, isBacklog }, report);
    if (!isDelivered) {
      return;
    }
  }
}

/** Newest first, but the claim that is under way right after the newest. Pure. @param pending newest first. */
export function deliveryOrder(pending: readonly ClaimState[], underWay: string | undefined): ClaimState[] {
  const [newest, ...older] = pending;
  if (!newest) {
    return [];
  }
  const isUnderWay = ({ id }: ClaimState) => id === underWay;
  return [newest, ...older.filter(isUnderWay), ...older.filter((claim) => !isUnderWay(claim))];
}

interface Deliverable {
  readonly claim: ClaimState;
  readonly proof: string | undefined;
  readonly isBacklog: boolean;
}

/** @returns whether the sink has it all; if not, the delivery rests. */
async function deliverClaim(
  turn: SinkTurn,
  sink: Sink,
  { claim, proof, isBacklog }: Deliverable,
  report: SinkReport,
): Promise<boolean> {
  const { ledger, resting, stopping, metrics, now } = turn;
  const delivery = resting.take(sink.name, claim.id) ?? (await ClaimDelivery.begin(turn, sink, claim, proof));
  const endMs = isBacklog ? turn.drainEndMs : turn.endMs;
  const mustEnd = () => stopping.aborted || !resting.hasRoom(sink.name);
  const mayGoOn = (lastSliceMs: number) => mustEnd() || now() + lastSliceMs <= endMs;
  const progress = await delivery.run({ ...turn, mayGoOn });
  if (!progress) {
    resting.keep(sink.name, delivery);
    return false;
  }
  await ledger.record(claim.id, sink.name, progress);
  report.delivered++;
  report.confirmed += progress.state === "confirmed" ? 1 : 0;
  metrics.countDelivery(sink.name, "delivered");
  return true;
}
