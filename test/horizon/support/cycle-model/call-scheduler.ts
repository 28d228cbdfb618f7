import type { Random } from "../../../support/random.ts";
import type { Cycle, Fault } from "./operations.ts";

/** Where a call goes: calls to the same place get there in order, others in any. */
export type Lane = "redis" | "timeseries" | "victoriametrics";

/** How a call ended for whoever made it, and whether it had got through. */
export interface CallEnd {
  readonly lane: Lane;
  readonly name: string;
  readonly gotThrough: boolean;
  readonly answered: boolean;
}

interface WaitingCall {
  readonly lane: Lane;
  readonly name: string;
  readonly run: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Faults to come: the first at call number `at`, counted from 0 among the calls of `among`. */
export interface FaultPlan {
  readonly at: number;
  readonly among: Cycle["among"];
  readonly fault: Fault | undefined;
  /** Does what a fault of these kinds asks for beside the calls. */
  readonly pause: (fault: Extract<Fault, { readonly meanwhile: unknown }>) => Promise<void>;
  readonly stop: () => void;
  /** Called when nothing moves any more; to do something about it. */
  readonly unblock: () => void;
}

/** Calls that change something in Redis or in a store. */
const CHANGES: ReadonlySet<string> = new Set([
  ...["lease-shard", "claim-blocks", "update-claim", "finish-claim", "park-block", "unpark-block", "add-dead-letter"],
  ...["unlink", "srem", "write"],
]);

/** A call that has failed as calls over a broken connection do. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/**
 * Everything that one instance asks of the outside comes by here, one call at a time, in an order that a seed decides;
 * so the same faults at the same calls always do the same.
 */
export class CallScheduler {
  readonly #waiting: WaitingCall[] = [];
  readonly #onEnd: (end: CallEnd) => void;
  #isDead = false;

  constructor(onEnd: (end: CallEnd) => void) {
    this.#onEnd = onEnd;
  }

  /** Whether the process is gone: none of its calls gets through, and none ever returns. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Makes a call when its turn comes. */
  call<Result>(lane: Lane, name: string, run: () => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ lane, name, run, resolve: (value) => resolve(value as Result), reject });
    });
  }

  /** Serves calls until the work that makes them has ended, or the process died. @throws what the plan's steps throw. */
  async drive(work: Promise<unknown>, random: Random, plan: FaultPlan): Promise<void> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    work.then(done, done);
    let counted = 0;
    /** Calls since the one that was hit. */
    let sinceHit: number | undefined;
    while (!this.#isDead) {
      await nextTurn();
      if (isDone) {
        return;
      }
      const call = this.#pick(random);
      if (!call) {
        plan.unblock();
        continue;
      }
      if (sinceHit !== undefined) {
        sinceHit++;
      } else if ((plan.among === "all" || CHANGES.has(call.name)) && counted++ === plan.at) {
        sinceHit = 0;
      }
      await this.#serve(call, sinceHit, plan);
    }
  }

  #pick(random: Random): WaitingCall | undefined {
    const first = new Map<Lane, WaitingCall>();
    for (const call of this.#waiting) {
      if (!first.has(call.lane)) {
        first.set(call.lane, call);
      }
    }
    const call = [...first.values()][random.below(Math.max(1, first.size))];
    if (call) {
      this.#waiting.splice(this.#waiting.indexOf(call), 1);
    }
    return call;
  }

  async #serve(call: WaitingCall, sinceHit: number | undefined, { fault, pause, stop }: FaultPlan): Promise<void> {
    const hit = sinceHit === 0 ? fault : undefined;
    if (hit?.kind === "killed_before") {
      this.#die(call, false);
    } else if (hit?.kind === "refused" || isAfterwards(fault, sinceHit ?? 0)) {
      call.reject(new ConnectionLost(`${call.name} did not get through`));
      this.#end(call, { gotThrough: false, answered: false });
    } else {
      if (hit?.kind === "stopping") {
        stop();
      }
      if (hit?.kind === "paused_before") {
        await pause(hit);
      }
      await this.#run(call, hit, pause);
    }
  }

  async #run(call: WaitingCall, hit: Fault | undefined, pause: FaultPlan["pause"]): Promise<void> {
    const [outcome] = await Promise.allSettled([call.run()]);
    if (hit?.kind === "paused_after") {
      await pause(hit);
    }
    if (hit?.kind === "killed_after") {
      this.#die(call, true);
    } else if (hit?.kind === "reply_lost") {
      call.reject(new ConnectionLost(`the reply to ${call.name} was lost`));
      this.#end(call, { gotThrough: true, answered: false });
    } else {
      // First, so that whoever made the call has not gone on yet.
      this.#end(call, { gotThrough: true, answered: true });
      if (outcome.status === "fulfilled") {
        call.resolve(outcome.value);
      } else {
        call.reject(outcome.reason);
      }
    }
  }

  #die(call: WaitingCall, gotThrough: boolean): void {
    this.#isDead = true;
    this.#end(call, { gotThrough, answered: false });
  }

  #end({ lane, name }: WaitingCall, end: Pick<CallEnd, "gotThrough" | "answered">): void {
    this.#onEnd({ lane, name, ...end });
  }
}

/** Whether a fault goes on at the call that is so many after the first one hit. */
function isAfterwards(fault: Fault | undefined, after: number): boolean {
  return (fault?.kind === "refused" || fault?.kind === "reply_lost") && after > 0 && after < fault.calls;
}

/** All that can go on without a call has done so when this returns. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
