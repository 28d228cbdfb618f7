import { Agent, request } from "node:http";
import { writeRequestBody } from "./write-request.ts";

/** Every sender has one. A connection that was on its way to a process that is killed is never answered. */
const REQUEST_TIMEOUT_MS = 5000;

/** What a sender was answered. `error` where the connection was refused or ended instead. */
export interface Sent {
  readonly timestampMs: number;
  readonly status: number | undefined;
  readonly error: string | undefined;
}

/** Senders of a test, each with one kept connection at a time, and each request with one sample of its own. */
export interface Senders {
  /** All that was sent and answered so far, of all of them. */
  readonly sent: readonly Sent[];
  /** The timestamps of what was answered 204. */
  acknowledged(): number[];
  /** Settles when every sender has had its last answer. */
  stop(): Promise<void>;
}

/**
 * Starts senders that send one request after the other, until they are stopped or nobody listens any more.
 * @param headers of every request: key, tenant, server.
 */
export function startSenders(intakeUrl: string, headers: Readonly<Record<string, string>>, count: number): Senders {
  const sent: Sent[] = [];
  let isStopped = false;
  const run = async (sender: number) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let timestampMs = 1_000_000 * (sender + 1); !isStopped; timestampMs++) {
      const answer = { timestampMs, ...(await post(intakeUrl, headers, agent, timestampMs)) };
      sent.push(answer);
      if (answer.error === "ECONNREFUSED") {
        break;
      }
    }
    agent.destroy();
  };
  const ends = Array.from({ length: count }, (_, sender) => run(sender));
  return {
    sent,
    acknowledged: () => sent.filter(({ status }) => status === 204).map(({ timestampMs }) => timestampMs),
    stop: async () => {
      isStopped = true;
      await Promise.all(ends);
    },
  };
}

function post(
  intakeUrl: string,
  headers: Readonly<Record<string, string>>,
  agent: Agent,
  timestampMs: number,
): Promise<Pick<Sent, "status" | "error">> {
  const body = writeRequestBody([{ labels: { __name__: "up" }, samples: [{ timestampMs, value: 1 }] }]);
  return new Promise((resolve) => {
    const sending = request(`${intakeUrl}/prometheus/write`, { method: "POST", agent, headers }, (response) => {
      response
        .once("end", () => resolve({ status: response.statusCode, error: undefined }))
        .once("error", ({ message }) => resolve({ status: undefined, error: message }))
        .resume();
    });
    sending
      .setTimeout(REQUEST_TIMEOUT_MS, () => sending.destroy(new Error("no answer in time")))
      .once("error", (error: NodeJS.ErrnoException) =>
        resolve({ status: undefined, error: error.code ?? error.message }),
      )
      .end(body);
  });
}
