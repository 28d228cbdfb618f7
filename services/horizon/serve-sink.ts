import type { SinkProgress } from "./claim-state.ts";
import { deliverPending } from "./deliver-pending.ts";
import { discardExcess } from "./discard-excess.ts";
import { RetryableError } from "./retryable-error.ts";
import { type StoreSight, settle } from "./settle.ts";
import { LeaseLostError } from "./shard-lease.ts";
import type { SinkReport, SinkTurn } from "./sink-turn.ts";
import type { Sink } from "./sinks/sink.ts";

/**
 * One sink's turn in a cycle: first what it acknowledged earlier is confirmed or, if it may have forgotten it, made
 * pending again; then it gets every claim that it does not have, as far as the time goes. What is still over its cap
 * is discarded at the end, also when the sink is away.
 * A sink that fails loses the rest of its turn; its claims wait for the next cycle, and the other sink is not touched.
 * @throws LeaseLostError, and the reason of an aborted `signal`.
 */
export async function serveSink(turn: SinkTurn, sink: Sink): Promise<SinkReport> {
  const { phases, metrics } = turn;
  const counts = { delivered: 0, confirmed: 0, deliveredAgain: 0, discarded: 0 };
  const report: SinkReport = { ...counts, phaseSeconds: {}, failure: undefined };
  try {
    const store = await phases.measure("settle", () => lookAt(sink, turn.signal));
    await phases.measure("settle", () => settleDelivered(turn, sink, store, report));
    await deliverPending(turn, sink, store.proof, report);
    metrics.setSinkUp(sink.name, true);
  } catch (error) {
    noteFailure(turn, sink, report, error);
  }
  report.discarded = await phases.measure("discard", () => discardExcess(turn, sink));
  report.phaseSeconds = phases.seconds();
  metrics.observePhases(report.phaseSeconds, sink.name);
  return report;
}

/** @throws RetryableError when the store does not answer: there is then nothing to settle and no point in writing. */
async function lookAt(sink: Sink, signal: AbortSignal): Promise<StoreSight> {
  // Before its proof is asked for: what it gives then says nothing about the time after that.
  const ranMs = sink.settling?.clock.atLeastMs() ?? 0;
  return { ranMs, proof: await sink.proof(signal) };
}

async function settleDelivered(turn: SinkTurn, sink: Sink, store: StoreSight, report: SinkReport): Promise<void> {
  for (const [claim, progress] of turn.ledger.deliveredTo(sink.name)) {
    const ownProgress = byOwnClock(turn, sink, progress);
    switch (settle(ownProgress, sink.settling?.settleMs, store)) {
      case "wait":
        if (ownProgress !== progress) {
          await turn.ledger.record(claim.id, sink.name, ownProgress);
        }
        break;
      case "confirm":
        await turn.ledger.record(claim.id, sink.name, { ...progress, state: "confirmed" });
        report.confirmed++;
        break;
      case "deliver_again":
        await turn.ledger.record(claim.id, sink.name, undefined);
        report.deliveredAgain++;
        turn.metrics.countDelivery(sink.name, "again");
        turn.logger.warn({ sink: sink.name, claim: claim.id }, "The store was restarted; delivering a claim again");
        break;
    }
  }
}

/** Another instance has seen the store run for another time; by our clock, it delivered the claim just now. */
function byOwnClock({ ledger }: SinkTurn, { settling }: Sink, progress: SinkProgress): SinkProgress {
  return !settling || ledger.isOwn(progress) ? progress : { ...progress, storeRanMs: settling.clock.atMostMs() };
}

function noteFailure({ signal, metrics, logger }: SinkTurn, sink: Sink, report: SinkReport, error: unknown): void {
  if (error instanceof LeaseLostError) {
    throw error;
  }
  if (signal.aborted) {
    throw signal.reason;
  }
  report.failure = error instanceof Error ? error.message : String(error);
  if (error instanceof RetryableError) {
    metrics.setSinkUp(sink.name, false);
    metrics.countDelivery(sink.name, "retry");
    logger.warn({ sink: sink.name, err: error }, "A store takes nothing now; its claims wait for the next cycle");
  } else {
    // The buffer's Redis, or a bug: says nothing about the store.
    metrics.countDelivery(sink.name, "failed");
    logger.error({ sink: sink.name, err: error }, "A delivery failed; the claim waits for the next cycle");
  }
}
