import { createServer } from "node:http";

/** A target for Prometheus that always says the same. */
export interface MetricsTarget {
  /** host:port. */
  readonly target: string;
  /** Closes it; a scrape fails from then on. */
  stop(): Promise<void>;
}

/** Starts a target on a free port. @param text what it exposes, in Prometheus' text format. */
export async function startMetricsTarget(text: string): Promise<MetricsTarget> {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8").end(text);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    target: `127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
