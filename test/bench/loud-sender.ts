import { Agent } from "node:http";
import process from "node:process";
import { buildPayload } from "./payload.ts";
import { post, REMOTE_WRITE_HEADERS } from "./send.ts";

/* A sender that keeps to a rate of its own, whatever it is answered. Arguments: URL, key, samples a second. */

const PER_REQUEST = 2000;
const [url = "", key = "", samplesPerSecond = "0"] = process.argv.slice(2);
const bodies = buildPayload(PER_REQUEST).bodiesAt(Date.now()).slice(0, 50);
const headers = { ...REMOTE_WRITE_HEADERS, key, "x-tenant-id": "loud", "x-server-id": "1" };
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const answers = new Map<number, number>();
let sent = 0;

const timer = setInterval(
  () => {
    const body = bodies[sent++ % bodies.length];
    if (body) {
      void post(agent, url, headers, body).then(
        ({ status }) => answers.set(status, (answers.get(status) ?? 0) + 1),
        () => answers.set(0, (answers.get(0) ?? 0) + 1),
      );
    }
  },
  (1000 * PER_REQUEST) / Number(samplesPerSecond),
);
process.send?.("started");
process.once("message", () => {
  clearInterval(timer);
  const counts = [...answers].map(([status, count]) => `${count} answered ${status}`).join(", ");
  process.send?.(`${sent} requests (${counts})`, () => process.exit(0));
});
