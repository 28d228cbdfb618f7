import { setTimeout as delay } from "node:timers/promises";
import { metricValue } from "../support/metric-value.ts";
import { startVmagent } from "../support/vmagent.ts";
import { CONNECTIONS, type Contestant } from "./contestant.ts";
import { processTree } from "./process-tree.ts";
import { REMOTE_WRITE_HEADERS, sendAll } from "./send.ts";
import { startSink } from "./sink.ts";

/** vmagent sends on what it has at least once a second. */
const QUIET_MS = 1500;

/** vmagent, forwarding to a sink. Its work is done when the sink has everything. */
export async function startVmagentContestant(): Promise<Contestant> {
  const sink = await startSink();
  const server = await startVmagent(`${sink.url}/`);
  const isForwarded = async () => {
    const metrics = `${server.url}/metrics`;
    const received = await metricValue(metrics, "vmagent_rows_inserted_total", 'type="promremotewrite"');
    const sent = await metricValue(metrics, "vmagent_remotewrite_block_size_rows_sum");
    return sent >= received && (await metricValue(metrics, "vmagent_remotewrite_pending_data_bytes")) === 0;
  };
  return {
    name: "vmagent",
    processes: () => ({ vmagent: processTree(server.pid) }),
    take: async (bodies) => {
      await sendAll(`${server.url}/api/v1/write`, REMOTE_WRITE_HEADERS, bodies, CONNECTIONS);
      // Its metrics are asked for as seldom as can be: to show them costs it CPU time, too.
      do {
        await untilQuiet(sink.lastRequestMs);
      } while (!(await isForwarded()));
    },
    stop: async () => {
      await server.stop();
      await sink.stop();
    },
  };
}

async function untilQuiet(lastRequestMs: () => number): Promise<void> {
  do {
    await delay(QUIET_MS);
  } while (Date.now() - lastRequestMs() < QUIET_MS);
}
