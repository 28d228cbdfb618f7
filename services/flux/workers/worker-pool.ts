import { Counter, Gauge, type Registry } from "prom-client";
import type { Settings } from "../../../settings/schema.ts";
import type { Readiness } from "../../shared/operations-server.ts";
import type { Places } from "../place-gauges.ts";
import type { Answer } from "./messages.ts";
import type { SharedGate } from "./shared-gate.ts";
import type { SummedMetrics } from "./summed-metrics.ts";
import { type SlotMessage, type SlotParts, WorkerSlot } from "./worker-slot.ts";

/** How long a worker may be busy before the operators hear what is known without it. */
const ANSWER_TIMEOUT_MS = 2000;
const RELOAD_TIMEOUT_MS = 5000;

export interface PoolParts extends Omit<SlotParts, "settings" | "onMessage" | "onEnd" | "onRestart"> {
  /** Those that the process started with. */
  readonly settings: Settings;
  readonly gate: SharedGate;
  readonly metrics: SummedMetrics;
  readonly places: Places;
  /** The primary's own. */
  readonly registry: Registry;
}

/** All workers of a Flux, and what they have in common. */
export class WorkerPool {
  readonly #parts: PoolParts;
  readonly #slots: readonly WorkerSlot[];
  #settings: Settings;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#settings = parts.settings;
    const restarts = poolMetrics(parts, () => this.#slots.filter(({ state }) => state === "serving").length);
    this.#slots = Array.from({ length: parts.settings.FLUX_WORKERS }, (_, index) => {
      const slotParts: SlotParts = {
        ...parts,
        settings: () => this.#settings,
        onMessage: (slot, message) => this.#hear(slot, message),
        onEnd: ({ worker }) => {
          parts.metrics.retire(worker);
          parts.gate.leaveAll(worker);
        },
        onRestart: () => restarts.inc(),
      };
      return new WorkerSlot(index + 1, slotParts);
    });
  }

  start(): void {
    for (const slot of this.#slots) {
      slot.start();
    }
  }

  /** Ends all workers in good order, and waits. @param patienceMs after which those that are left are ended at once. */
  async stop(patienceMs: number): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop(patienceMs)));
  }

  /** The metrics of all, as of now; of workers that do not answer, and of those that have died, what they told last. */
  async metrics(): Promise<Registry> {
    await Promise.all(this.#slots.map((slot) => slot.ask({ kind: "report" }, ANSWER_TIMEOUT_MS)));
    return this.#parts.metrics.read(this.#parts.registry);
  }

  /** Ready as soon as one worker is: connections go to those that are. */
  async readiness(): Promise<Readiness> {
    const answers = await Promise.all(
      this.#slots.map(async (slot) => ({
        slot,
        said: readinessIn(await slot.ask({ kind: "readiness" }, ANSWER_TIMEOUT_MS)),
      })),
    );
    const ready = answers.find(({ said }) => said?.ready);
    const best = ready ?? answers.find(({ said }) => said);
    const workers = answers.map(({ slot, said }) => [`worker ${slot.worker}`, describeReadiness(slot, said)]);
    return { ready: ready !== undefined, detail: { ...best?.said?.detail, ...Object.fromEntries(workers) } };
  }

  /** What /-/status says of each worker. */
  describe(): object[] {
    return this.#slots.map(({ worker, state, pid, startedAtMs, restarts }) => ({
      worker,
      state,
      pid,
      startedAt: new Date(startedAtMs).toISOString(),
      restarts,
      requests: this.#parts.metrics.totalOf(worker, "flux_requests_total"),
      samplesReceived: this.#parts.metrics.totalOf(worker, "flux_samples_received_total"),
    }));
  }

  /**
   * Has all workers take up new settings, and their certificate's files. No worker takes them up before all have found
   * them good. Workers that start later start with them.
   * Calls must come one after the other.
   * @returns the problems; where there are any before a worker has taken them up, all keep the old ones.
   */
  async reload(settings: Settings): Promise<readonly string[]> {
    const problems = await this.#prepareAll(settings);
    if (problems.length > 0) {
      return problems;
    }
    this.#settings = settings;
    // Keys are known by their number, and limits by what they were.
    this.#parts.gate.clear();
    this.#parts.places.reset();
    return this.#askRunning(this.#running(), async (slot) => {
      const answer = await slot.ask({ kind: "take" }, RELOAD_TIMEOUT_MS);
      return answer ? [] : [`worker ${slot.worker} has not said that it took up the new settings; it may yet do so`];
    });
  }

  /** Until every process that runs has found the settings good, those as well that were started meanwhile. */
  async #prepareAll(settings: Settings): Promise<readonly string[]> {
    const prepared = new Map<WorkerSlot, number | undefined>();
    for (;;) {
      const left = this.#running().filter((slot) => prepared.get(slot) !== slot.pid);
      if (left.length === 0) {
        return [];
      }
      const problems = await this.#askRunning(left, async (slot) => {
        prepared.set(slot, slot.pid);
        const answer = await slot.ask({ kind: "prepare", settings }, RELOAD_TIMEOUT_MS);
        const silence = [`worker ${slot.worker} does not answer, so that nothing was reloaded`];
        return answer?.kind === "prepare" ? answer.problems : silence;
      });
      if (problems.length > 0) {
        return problems;
      }
    }
  }

  /** @returns the problems of all, each once. Those of a process that has ended meanwhile are none any more. */
  async #askRunning(
    slots: readonly WorkerSlot[],
    ask: (slot: WorkerSlot) => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const problems = await Promise.all(
      slots.map(async (slot) => {
        const { pid } = slot;
        const said = await ask(slot);
        return slot.pid === pid ? said : [];
      }),
    );
    return [...new Set(problems.flat())];
  }

  #running(): WorkerSlot[] {
    return this.#slots.filter(({ pid }) => pid !== undefined);
  }

  #hear(slot: WorkerSlot, message: SlotMessage): void {
    const { metrics, places, gate } = this.#parts;
    if (message.type === "report") {
      metrics.take(slot.worker, message.report);
    } else if (message.type === "places") {
      places.note(message.owner, message.taken);
    } else {
      gate.hear(slot.worker, message, (pass, refusal) => slot.tellEntered(pass, refusal));
    }
  }
}

/** Adds the metrics of the pool itself. @returns the counter of restarts. */
function poolMetrics({ registry, settings }: PoolParts, serving: () => number): Counter {
  const registers = [registry];
  const help = "Workers that should run (FLUX_WORKERS).";
  new Gauge({ name: "flux_workers", help, registers }).set(settings.FLUX_WORKERS);
  new Gauge({
    name: "flux_workers_serving",
    help: "Workers that take requests.",
    registers,
    collect() {
      this.set(serving());
    },
  });
  return new Counter({ name: "flux_worker_restarts_total", help: "Workers started again after they died.", registers });
}

function readinessIn(answer: Answer | undefined): Readiness | undefined {
  return answer?.kind === "readiness" ? answer.readiness : undefined;
}

function describeReadiness({ state }: WorkerSlot, said: Readiness | undefined): string {
  if (!said) {
    return state === "waiting" ? "died, is started again" : "does not answer";
  }
  const missing = Object.entries(said.detail).filter(([, what]) => what !== "ok");
  return said.ready ? "ok" : missing.map(([name, what]) => `${name}: ${what}`).join(", ");
}
