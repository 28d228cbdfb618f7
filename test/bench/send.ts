import { Agent, request } from "node:http";

/**
 * Posts bodies over a few connections at once, as the shards of a Prometheus do.
 * @throws when an answer is not 2xx.
 */
export async function sendAll(
  url: string,
  headers: Readonly<Record<string, string>>,
  bodies: readonly Buffer[],
  connections: number,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const queue = [...bodies];
  const work = async () => {
    for (let body = queue.shift(); body; body = queue.shift()) {
      await post(agent, url, headers, body);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  agent.destroy();
}

function post(agent: Agent, url: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent, method: "POST", headers: { ...headers, "content-length": body.length } });
    call.on("error", reject);
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) {
          resolve();
        } else {
          reject(new Error(`the answer is ${status}: ${Buffer.concat(chunks).toString()}`));
        }
      });
    });
    call.end(body);
  });
}
