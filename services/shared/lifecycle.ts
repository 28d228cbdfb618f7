import type { Logger } from "./logger.ts";

/** What `handleSignals` needs of a process. */
export type SignalSource = NodeJS.EventEmitter & { readonly channel?: unknown };

/** The end of a service, in order. */
export interface Lifecycle {
  /** Aborted when stopping begins. */
  readonly signal: AbortSignal;
  /**
   * Registers what undoes an acquisition. Releases run one after another, the latest first; one that fails is logged
   * and the others still run. One that is registered while stopping runs as well.
   */
  onStop(name: string, release: () => Promise<unknown> | unknown): void;
  /**
   * Stops the service and ends the process: exit code 0, or 1 when a fault was the reason or the releases took too
   * long. Further calls wait for the first.
   */
  stop(reason: string): Promise<void>;
  /**
   * Stops on SIGTERM, SIGINT, an uncaught fault (exit code 1), and when the process that started this one over an IPC
   * channel is gone. SIGHUP calls `reload`.
   */
  handleSignals(source: SignalSource, reload: () => Promise<unknown>): void;
}

export interface LifecycleOptions {
  readonly logger: Pick<Logger, "info" | "error" | "fatal">;
  /** Most that all releases together may take. */
  readonly timeoutMs: number;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

interface Release {
  readonly name: string;
  readonly run: () => Promise<unknown> | unknown;
}

/** See `Lifecycle`. */
export function createLifecycle({ logger, timeoutMs, exit }: LifecycleOptions): Lifecycle {
  const controller = new AbortController();
  const releases: Release[] = [];
  let stopping: Promise<void> | undefined;
  let running = "";
  let exitCode = 0;
  let ended = false;

  function end(code: number): void {
    if (!ended) {
      ended = true;
      exit(code);
    }
  }

  async function runRelease({ name, run }: Release): Promise<void> {
    running = name;
    try {
      await run();
    } catch (err) {
      exitCode = 1;
      logger.error({ err, release: name }, "A release failed while stopping");
    }
  }

  async function runReleases(): Promise<void> {
    const deadline = setTimeout(() => {
      logger.fatal({ release: running, timeoutMs }, "Stopping took too long; this release hangs");
      end(1);
    }, timeoutMs);
    for (let release = releases.pop(); release; release = releases.pop()) {
      await runRelease(release);
    }
    clearTimeout(deadline);
    logger.info({ exitCode }, "Stopped");
    end(exitCode);
  }

  function stop(reason: string): Promise<void> {
    if (!stopping) {
      logger.info({ reason }, "Stopping");
      controller.abort(new Error(`stopping: ${reason}`));
      stopping = runReleases();
    }
    return stopping;
  }

  function stopOnFault(kind: string, fault: unknown): void {
    exitCode = 1;
    logger.fatal({ err: fault }, `Stopping because of an ${kind}`);
    void stop(kind);
  }

  return {
    signal: controller.signal,
    onStop(name, run) {
      releases.push({ name, run });
    },
    stop,
    handleSignals(source, reload) {
      for (const name of ["SIGTERM", "SIGINT"]) {
        source.on(name, () => void stop(name));
      }
      source.on("SIGHUP", () => {
        reload().catch((err: unknown) => logger.error({ err }, "Reload failed; the old settings stay"));
      });
      source.on("uncaughtException", (fault: unknown) => stopOnFault("uncaught exception", fault));
      source.on("unhandledRejection", (fault: unknown) => stopOnFault("unhandled rejection", fault));
      if (source.channel) {
        source.on("disconnect", () => void stop("the supervisor is gone"));
      }
    },
  };
}
