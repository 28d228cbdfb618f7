import { RetryableError } from "../../../../services/horizon/retryable-error.ts";
import type { SeriesSamples } from "../../../../services/horizon/sample-groups.ts";
import type { ClaimHold, Delivery, OnRefused, Sink } from "../../../../services/horizon/sinks/sink.ts";
import type { Slice } from "../../../../services/horizon/slice.ts";
import { Tally } from "../../../../services/horizon/tally.ts";
import { copyOfSlice, samplesOf } from "../slices.ts";
import { type CallScheduler, ConnectionLost } from "./call-scheduler.ts";
import type { ModelStore } from "./model-store.ts";

/**
 * A sink of one instance that writes to a model store as the real ones write to theirs: it asks for the lease, tells
 * failures that pass from others, and keeps back what it likes until the claim's end.
 */
export function createModelSink(store: ModelStore, scheduler: CallScheduler): Sink {
  const { name, settleMs } = store;
  const keepsBack = settleMs === 0;
  const clock = { atLeastMs: () => store.ranMs, atMostMs: () => store.ranMs };

  /** A call to the store; undefined where it leaves the call without an answer. */
  async function ask<Reply>(what: string, signal: AbortSignal, answer: () => Reply): Promise<Reply> {
    const reply = await retryable(
      scheduler.call(name, what, async () => {
        if (store.mood === "unavailable") {
          throw new RetryableError("the store is not available");
        }
        return store.mood === "hanging" ? undefined : { answer: answer() };
      }),
    );
    return reply ? reply.answer : untilAborted(signal);
  }

  async function send(slice: Slice, hold: ClaimHold, onRefused: OnRefused, tally: Tally, signal: AbortSignal) {
    hold.assertHeld();
    const refused = await ask("write", signal, () => store.take(slice));
    for (const group of refused) {
      await onRefused(refusalOf(slice, group));
    }
    const isRefused = new Set(refused.map(({ series }) => series.idText));
    for (const group of slice.groups) {
      count(tally, group, isRefused.has(group.series.idText));
    }
  }

  return {
    name,
    settling: keepsBack ? undefined : { settleMs, clock },
    begin: async (onRefused, signal, hold): Promise<Delivery> => {
      await ask("begin", signal, () => undefined);
      await hold.confirm();
      const tally = new Tally();
      const kept: Slice[] = [];
      return {
        write: (slice) =>
          keepsBack ? Promise.resolve(void kept.push(copyOfSlice(slice))) : send(slice, hold, onRefused, tally, signal),
        finish: async () => {
          for (const slice of kept) {
            await send(slice, hold, onRefused, tally, signal);
          }
          return tally;
        },
      };
    },
    proof: (signal) => ask("proof", signal, () => store.proof),
    check: (signal) => ask("check", signal, () => undefined),
  };
}

function count(tally: Tally, { tenant, count: samples }: SeriesSamples, isRefused: boolean): void {
  if (isRefused) {
    tally.bury(tenant, "refused_by_store", samples);
  } else {
    tally.write(tenant, samples);
  }
}

function refusalOf(slice: Slice, group: SeriesSamples) {
  const samples = samplesOf(slice, group).map(([timestampMs, bits]) => ({ timestampMs, bits }));
  const { series, tenant, namespace } = group;
  return { series, tenant, namespace, detail: "not welcome", samples };
}

/** Where the connection to a store breaks, the store may be asked again. */
async function retryable<Reply>(reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply;
  } catch (error) {
    throw error instanceof ConnectionLost ? new RetryableError(error.message, { cause: error }) : error;
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const leave = () => reject(new RetryableError("aborted", { cause: signal.reason }));
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) {
      leave();
    }
  });
}
