import type { Logger } from "../shared/logger.ts";
import type { ClaimLedger } from "./claim-ledger.ts";
import { LeaseLostError } from "./claims.ts";
import { deliverClaim } from "./deliver.ts";
import type { HorizonMetrics } from "./metrics.ts";
import { RetryableError } from "./retryable-error.ts";
import { type CurrentProof, settle } from "./settle.ts";
import type { Sink } from "./sinks/sink.ts";
import type { BlockReading } from "./usable-slices.ts";

/** What a cycle did for one sink. */
export interface SinkReport {
  delivered: number;
  confirmed: number;
  /** Claims that the store may have forgotten. */
  deliveredAgain: number;
  /** Why the sink's turn ended early; undefined when it did not. */
  failure: string | undefined;
}

export interface SinkTurn {
  readonly reading: BlockReading;
  readonly ledger: ClaimLedger;
  readonly metrics: HorizonMetrics;
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
  readonly now: () => number;
  /** When no further claim should be begun, so that the next minute's is not held up by old ones. */
  readonly endMs: number;
  /** Aborted when the service stops: the claim at hand is finished, and no other begun. */
  readonly stopping: AbortSignal;
  /** Aborted when the claim at hand is to be left, too. */
  readonly signal: AbortSignal;
}

/**
 * One sink's turn in a cycle: first what it acknowledged earlier is confirmed or, if it may have forgotten it, made
 * pending again; then it gets every claim that it does not have.
 * A sink that fails loses the rest of its turn; its claims wait for the next cycle, and the other sink is not touched.
 * @throws LeaseLostError, and the reason of an aborted `signal`.
 */
export async function serveSink(turn: SinkTurn, sink: Sink): Promise<SinkReport> {
  const report: SinkReport = { delivered: 0, confirmed: 0, deliveredAgain: 0, failure: undefined };
  try {
    const proof = await askForProof(sink, turn.signal);
    await settleDelivered(turn, sink, proof, report);
    await deliverPending(turn, sink, proof, report);
    turn.metrics.setSinkUp(sink.name, true);
  } catch (error) {
    noteFailure(turn, sink, report, error);
  }
  return report;
}

/** @throws RetryableError when the store does not answer: there is then nothing to settle and no point in writing. */
async function askForProof(sink: Sink, signal: AbortSignal): Promise<CurrentProof & { answers: true }> {
  return { answers: true, proof: await sink.proof(signal) };
}

async function settleDelivered(turn: SinkTurn, sink: Sink, proof: CurrentProof, report: SinkReport): Promise<void> {
  for (const [claim, progress] of turn.ledger.deliveredTo(sink.name)) {
    switch (settle(progress, sink.settleMs, turn.now(), proof)) {
      case "wait":
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

async function deliverPending(
  turn: SinkTurn,
  sink: Sink,
  { proof }: CurrentProof & { answers: true },
  report: SinkReport,
): Promise<void> {
  for (const [position, claim] of turn.ledger.pendingFor(sink.name).entries()) {
    if (turn.stopping.aborted || (position > 0 && turn.now() >= turn.endMs)) {
      return;
    }
    const progress = await deliverClaim(turn.reading, sink, claim, proof, turn.signal);
    await turn.ledger.record(claim.id, sink.name, progress);
    report.delivered++;
    report.confirmed += progress.state === "confirmed" ? 1 : 0;
    turn.metrics.countDelivery(sink.name, "delivered");
  }
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
