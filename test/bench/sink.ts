import { createServer } from "node:http";

/** Takes everything that is posted to it and keeps nothing: the cheapest of all stores. */
export interface Sink {
  readonly url: string;
  /** When it was last asked for something, in ms since 1970. */
  lastRequestMs(): number;
  stop(): Promise<void>;
}

/** Starts a sink on a free port. It answers 204. */
export async function startSink(): Promise<Sink> {
  let lastRequestMs = Date.now();
  const server = createServer((request, response) => {
    lastRequestMs = Date.now();
    request.resume().on("end", () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    lastRequestMs: () => lastRequestMs,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
