import type { Settings } from "../../../settings/schema.ts";
import { createLifecycle, type Lifecycle, type SignalSource } from "../../shared/lifecycle.ts";
import { createLogger } from "../../shared/logger.ts";
import { type FluxProcessParts, runFluxProcess } from "../flux-process.ts";
import { type FluxState, type PreparedReload, prepareReload, readiness } from "../operations.ts";
import type { Places } from "../place-gauges.ts";
import { policyFrom } from "../policy.ts";
import type { Answer, Question, ToPrimary, ToWorker } from "./messages.ts";
import { MetricReporter } from "./metric-report.ts";
import { RemoteGate } from "./remote-gate.ts";

/** The most that a worker can have counted and not told when it is killed. */
const REPORT_MS = 1000;

/** A worker's way to its primary. */
export interface PrimaryChannel {
  /** Settles when the message has left the process. */
  send(message: ToPrimary): Promise<void>;
  onMessage(listener: (message: ToWorker) => void): void;
}

export interface WorkerParts {
  readonly channel: PrimaryChannel;
  /** Where signals come from. */
  readonly source: SignalSource;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/** Runs a worker: it takes requests as a single process does, and all that operators have to say comes from its primary. */
export function runWorker(parts: WorkerParts): void {
  const { channel } = parts;
  const gate = new RemoteGate((message) => void channel.send(message));
  let worker: StartedWorker | undefined;
  let hearFarewell: () => void = () => undefined;
  const farewell = new Promise<void>((resolve) => {
    hearFarewell = resolve;
  });
  channel.onMessage((message) => {
    if (message.type === "start") {
      worker = startWorker(message, gate, farewell, parts);
    } else if (message.type === "entered") {
      gate.entered(message.pass, message.refusal);
    } else if (message.type === "farewell") {
      hearFarewell();
    } else if (message.type === "stop") {
      void worker?.lifecycle.stop("its primary stops");
    } else {
      const { id, question } = message;
      void worker?.answer(question).then((answer) => channel.send({ type: "answer", id, answer }));
    }
  });
  void channel.send({ type: "hello" });
}

interface StartedWorker {
  readonly lifecycle: Lifecycle;
  readonly answer: (question: Question) => Promise<Answer>;
}

function startWorker(
  { worker, settings }: Extract<ToWorker, { type: "start" }>,
  gate: RemoteGate,
  farewell: Promise<void>,
  { channel, source, exit }: WorkerParts,
): StartedWorker {
  const logger = createLogger("flux", settings.LOG_LEVEL).child({ worker });
  const lifecycle = createLifecycle({ logger, timeoutMs: settings.FLUX_SHUTDOWN_TIMEOUT_MS, exit });
  // SIGHUP is for the primary, which sees to it that all take up the same.
  lifecycle.handleSignals(source, async () => undefined);
  const state = new Promise<FluxState>((resolve) => {
    const place = { worker, workers: settings.FLUX_WORKERS };
    const openOperations = async (opened: FluxState) => resolve(opened);
    takeRequests(settings, { logger, lifecycle, gate, place, openOperations }, channel).catch(
      async (error: unknown) => {
        await channel.send({ type: "failed", problems: [error instanceof Error ? error.message : String(error)] });
        exit(1);
      },
    );
  });
  return { lifecycle, answer: answersOf(state.then((opened) => openDesk(opened, lifecycle, farewell, channel))) };
}

type Wiring = Pick<FluxProcessParts, "logger" | "lifecycle" | "gate" | "place" | "openOperations">;

async function takeRequests(settings: Settings, wiring: Wiring, channel: PrimaryChannel): Promise<void> {
  const made = policyFrom(settings);
  if (!made.ok || settings.REDIS_URL === undefined) {
    throw new Error(made.ok ? "cannot start a worker: REDIS_URL is not set" : made.problems.join("\n"));
  }
  const places: Places = {
    note: ({ tenant, namespace }, { activeSeries, maxActiveSeries, quotaSeries, quota }) => {
      const taken = { activeSeries, maxActiveSeries, quotaSeries, quota };
      void channel.send({ type: "places", owner: { tenant, namespace }, taken });
    },
    // The primary has them, and forgets them when it tells the workers of new settings.
    reset: () => undefined,
  };
  await runFluxProcess({ ...wiring, settings, redisUrl: settings.REDIS_URL, policy: made.policy, places });
  await channel.send({ type: "serving" });
}

/** What a worker's answers need. */
interface Desk {
  readonly state: FluxState;
  /** Tells the primary what was counted since the last time. */
  readonly report: () => Promise<void>;
}

function openDesk(state: FluxState, lifecycle: Lifecycle, farewell: Promise<void>, channel: PrimaryChannel): Desk {
  const reporter = new MetricReporter(state.registry);
  const report = () => reporter.report((changes) => channel.send({ type: "report", report: changes }));
  const timer = setInterval(() => void report(), REPORT_MS).unref();
  lifecycle.onStop("last report", async () => {
    clearInterval(timer);
    await report();
    await channel.send({ type: "leaving" });
    // A connection may be on its way to this worker, which only this worker can send back to the others.
    await farewell;
  });
  return { state, report };
}

function answersOf(desk: Promise<Desk>): StartedWorker["answer"] {
  let prepared: PreparedReload | undefined;
  return async (question) => {
    const { state, report } = await desk;
    switch (question.kind) {
      case "report":
        await report();
        return { kind: "report" };
      case "readiness":
        return { kind: "readiness", readiness: await readiness(state) };
      case "prepare":
        prepared = await prepareReload(state, question.settings);
        return { kind: "prepare", problems: prepared.ok ? [] : prepared.problems };
      default:
        if (prepared?.ok) {
          prepared.take();
        }
        return { kind: "take" };
    }
  };
}
