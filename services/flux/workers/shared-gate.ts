import type { Refusal } from "../reasons.ts";
import type { Pass, TrafficGate } from "../traffic-gate.ts";
import type { GateMessage } from "./messages.ts";

/** The primary's side of the gate: one for the requests of all workers, so that limits hold over all of them. */
export class SharedGate {
  readonly #gate: TrafficGate;
  /** By worker, the passes of requests under way. */
  readonly #passes = new Map<number, Map<number, Pass>>();

  constructor(gate: TrafficGate) {
    this.#gate = gate;
  }

  /** @param answer hears the verdict on a request that wants to enter. */
  hear(worker: number, message: GateMessage, answer: (pass: number, refusal: Refusal | undefined) => void): void {
    const passes = this.#passes.get(worker) ?? new Map<number, Pass>();
    this.#passes.set(worker, passes);
    if (message.type === "enter") {
      const entry = this.#gate.enter(message.meters);
      if (entry.ok) {
        passes.set(message.pass, entry.pass);
      }
      answer(message.pass, entry.ok ? undefined : entry);
    } else if (message.type === "charge") {
      passes.get(message.pass)?.charge(message.kind, message.amount);
    } else {
      passes.get(message.pass)?.leave();
      passes.delete(message.pass);
    }
  }

  /** A worker has ended, and its requests with it. */
  leaveAll(worker: number): void {
    for (const pass of this.#passes.get(worker)?.values() ?? []) {
      pass.leave();
    }
    this.#passes.delete(worker);
  }

  /** Forgets all debts. What is in flight ends as it began. */
  clear(): void {
    this.#gate.clear();
  }
}
