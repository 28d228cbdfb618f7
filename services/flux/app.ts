import Fastify, { type FastifyInstance } from "fastify";
import type { Logger } from "../shared/logger.ts";
import { createDialects } from "./dialects/choose-dialect.ts";
import type { Flux } from "./handle-write.ts";
import { addInfluxSideRoutes } from "./http/influx-routes.ts";
import { addWriteRoutes } from "./http/write-routes.ts";

export interface AppOptions {
  /** A request, headers and body, that takes longer to arrive is ended: against senders that hold connections. */
  readonly requestTimeoutMs: number;
  readonly logger: Logger;
  readonly isStopping: () => boolean;
}

/** Longer than the 5 minutes for which Prometheus keeps an idle connection, so that never the server closes it first. */
const KEEP_ALIVE_TIMEOUT_MS = 310_000;

/** Builds the intake's HTTP application. It opens no port: `app.listen` or `app.inject` does. */
export function buildApp(flux: Flux, { requestTimeoutMs, logger, isStopping }: AppOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    // Ours says Retry-After and counts; Fastify's own answer would do neither.
    return503OnClosing: false,
    forceCloseConnections: "idle",
  });
  app.setErrorHandler((error, _request, reply) => {
    logger.error({ err: error }, "a request failed unexpectedly");
    return reply
      .code(500)
      .type("application/json")
      .send(JSON.stringify({ code: 500, message: "internal error" }));
  });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type("application/json")
      .send(JSON.stringify({ code: 404, message: `nothing is at ${request.url.split("?")[0]?.slice(0, 100)}` })),
  );
  addInfluxSideRoutes(app);
  addWriteRoutes(app, flux, createDialects(flux.codec), isStopping);
  return app;
}
