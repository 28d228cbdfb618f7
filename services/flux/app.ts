import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "../shared/logger.ts";
import { createDialects } from "./dialects/choose-dialect.ts";
import type { Flux } from "./handle-write.ts";
import type { Certificate } from "./http/certificate.ts";
import { answerClientErrors } from "./http/client-errors.ts";
import { addInfluxSideRoutes } from "./http/influx-routes.ts";
import { createIntakeServer, type ServerLimits } from "./http/intake-server.ts";
import { sendAnswer } from "./http/send-answer.ts";
import type { Transport } from "./http/transport.ts";
import { addWriteRoutes } from "./http/write-routes.ts";

export interface AppOptions extends Transport {
  readonly limits: ServerLimits;
  /** Without one, the intake speaks plain HTTP. */
  readonly certificate?: Certificate | undefined;
  readonly logger: Logger;
}

/** Builds the intake's HTTP application. It opens no port: `app.listen` or `app.inject` does. */
export function buildApp(flux: Flux, options: AppOptions): FastifyInstance {
  const { limits, certificate, logger, exchanges, isStopping } = options;
  const app = Fastify({
    logger: false,
    serverFactory: (handler) => createIntakeServer(handler, limits, certificate),
    clientErrorHandler: answerClientErrors({
      exchanges,
      onRefusal: (reason) => flux.metrics.countRequestRefusal(reason),
      retryAfterSeconds: () => flux.policy().retryAfterSeconds,
    }),
    // Ours says Retry-After and counts; Fastify's own answer would do neither.
    return503OnClosing: false,
    forceCloseConnections: true,
  });
  leaveBodiesToRoutes(app);
  app.decorateRequest("exchange");
  app.addHook("onRequest", (request, reply, done) => {
    request.exchange = exchanges.begin(request.raw, reply.raw);
    done();
  });
  const say = (request: FastifyRequest, reply: FastifyReply, code: number, message: string) => {
    const answer = { status: code, headers: {}, body: JSON.stringify({ code, message }) };
    return sendAnswer(reply, request.exchange, answer, { mustClose: isStopping() });
  };
  app.setErrorHandler((error, request, reply) => {
    logger.error({ err: error }, "a request failed unexpectedly");
    return say(request, reply, 500, "internal error");
  });
  app.setNotFoundHandler((request, reply) =>
    say(request, reply, 404, `nothing is at ${request.url.split("?")[0]?.slice(0, 100)}`),
  );
  addInfluxSideRoutes(app, isStopping);
  addWriteRoutes(app, flux, createDialects(flux.codec), isStopping);
  return app;
}

/**
 * Routes read bodies themselves, and judge their type by the header as it came. Fastify would refuse types that it cannot
 * parse, an empty one too, which remote_storage_adapter sends.
 */
function leaveBodiesToRoutes(app: FastifyInstance): void {
  for (const method of app.supportedMethods) {
    app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  }
}
