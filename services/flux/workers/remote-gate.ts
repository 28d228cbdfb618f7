import type { Refusal } from "../reasons.ts";
import { type Entry, type Gate, hasLimits, type Meter, type Pass } from "../traffic-gate.ts";
import type { GateMessage } from "./messages.ts";

/** Of a request that nothing limits. */
const FREE_PASS: Pass = { charge: () => undefined, leave: () => undefined };

/** A worker's side of the gate that all workers share. Senders without limits pass without a question. */
export class RemoteGate implements Gate {
  readonly #send: (message: GateMessage) => void;
  readonly #waiting = new Map<number, (refusal: Refusal | undefined) => void>();
  #latestPass = 0;

  constructor(send: (message: GateMessage) => void) {
    this.#send = send;
  }

  enter(meters: readonly Meter[]): Entry | Promise<Entry> {
    const limited = meters.filter(hasLimits);
    if (limited.length === 0) {
      return { ok: true, pass: FREE_PASS };
    }
    const pass = ++this.#latestPass;
    return new Promise((resolve) => {
      this.#waiting.set(pass, (refusal) => resolve(refusal ?? { ok: true, pass: this.#open(pass) }));
      this.#send({ type: "enter", pass, meters: limited });
    });
  }

  /** The verdict on a request has come. */
  entered(pass: number, refusal: Refusal | undefined): void {
    this.#waiting.get(pass)?.(refusal);
    this.#waiting.delete(pass);
  }

  /** Debts are the primary's, which forgets them when it tells the workers of new settings. */
  clear(): void {}

  #open(pass: number): Pass {
    return {
      charge: (kind, amount) => this.#send({ type: "charge", pass, kind, amount }),
      leave: () => this.#send({ type: "leave", pass }),
    };
  }
}
