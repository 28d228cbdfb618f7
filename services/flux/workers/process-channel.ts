import type { ToWorker } from "./messages.ts";
import type { PrimaryChannel } from "./worker.ts";

/** The channel of a process that a cluster has forked. */
export function processChannel(forked: NodeJS.Process): PrimaryChannel {
  return {
    // Without a primary the process ends, so that a message which does not arrive is missed by nobody.
    send: (message) => new Promise((resolve) => forked.send?.(message, undefined, undefined, () => resolve())),
    onMessage: (listener) => void forked.on("message", (message: ToWorker) => listener(message)),
  };
}
