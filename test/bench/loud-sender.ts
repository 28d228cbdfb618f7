import { Agent } from "node:http";
import process from "node:process";
import { buildPayload } from "./payload.ts";
import { post } from "./send.ts";

/*
 * A sender that keeps to a rate of its own, whatever it is answered. Arguments: URL, key. Each message is the rate in
 * samples a second that it is to go on with, 0 for none; it is answered with what became of the requests since.
 */

const PER_REQUEST = 2000;
const [url = "", key = ""] = process.argv.slice(2);
const bodies = buildPayload(PER_REQUEST).bodiesAt(Date.now()).slice(0, 50);
const headers = { key, "x-tenant-id": "loud", "x-server-id": "1" };
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
let answers = new Map<string, number>();
let sent = 0;
let timer: NodeJS.Timeout | undefined;

process.on("message", (samplesPerSecond: number) => {
  clearInterval(timer);
  process.send?.([...answers].map(([answer, count]) => `${count} answered ${answer}`).join(", "));
  answers = new Map();
  timer = samplesPerSecond > 0 ? setInterval(sendOne, (1000 * PER_REQUEST) / samplesPerSecond) : undefined;
});
process.send?.("ready");

function sendOne(): void {
  const body = bodies[sent++ % bodies.length];
  if (body) {
    void post(agent, url, headers, body).then(
      ({ status }) => count(String(status)),
      () => count("not at all"),
    );
  }
}

function count(answer: string): void {
  answers.set(answer, (answers.get(answer) ?? 0) + 1);
}
