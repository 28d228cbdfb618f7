import {
  type ServerPlan,
  type SupervisedServer,
  type SupervisorOptions,
  superviseServer,
} from "./supervised-server.ts";

/** Starts servers, keeps them alive, and stops them in reverse order. */
export interface Supervisor {
  /**
   * Starts a server and waits until it is ready; from then on it is started again whenever it dies.
   * @throws LocalProblem when it ends before it is ready.
   */
  start(plan: ServerPlan): Promise<void>;
  /** Stops all servers, the youngest first, each before the next. Ends every `start` that still waits; later ones do nothing. */
  stopAll(): Promise<void>;
  /** Kills all servers at once. */
  killAll(): void;
}

/** A supervisor with nothing to supervise yet. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const servers: SupervisedServer[] = [];
  let stopped = false;
  return {
    start: async (plan) => {
      if (stopped) {
        return;
      }
      const server = superviseServer(plan, options);
      servers.push(server);
      await server.ready;
    },
    stopAll: async () => {
      stopped = true;
      for (const server of servers.toReversed()) {
        await server.stop();
      }
    },
    killAll: () => {
      stopped = true;
      for (const server of servers) {
        server.kill();
      }
    },
  };
}
