import Fastify, { type FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { listenProblem } from "./listen-problem.ts";
import type { Logger } from "./logger.ts";

/** Whether a service can do its work now, and what each thing that it needs says. */
export interface Readiness {
  readonly ready: boolean;
  readonly detail: Record<string, string>;
}

/** What a reload came to: the settings that only a restart takes up, or why nothing was changed. */
export type ReloadOutcome = { ok: true; needRestart: readonly string[] } | { ok: false; problems: readonly string[] };

/** What the operations routes show and do. */
export interface Operations {
  readonly registry: Pick<Registry, "contentType" | "metrics">;
  readonly isReady: () => Promise<Readiness>;
  /** Everything on /-/status; must hold no secrets. */
  readonly status: () => object | Promise<object>;
  readonly reload: () => Promise<ReloadOutcome>;
  readonly logger: Pick<Logger, "error">;
  /** Adds what only one of the services has. */
  readonly addRoutes?: (app: FastifyInstance) => void;
}

export interface OperationsServer {
  /** The port that it listens on; differs from the one asked for when that was 0. */
  readonly port: number;
  /** Stops listening and cuts what connections there are. */
  close(): Promise<void>;
}

/**
 * Opens the operators' listener of a service: health, readiness, status, metrics and reload (DESIGN 5.1).
 * @param options host, port (0 for any free one) and the operations themselves.
 * @throws Error with one sentence that names the address when it cannot listen there.
 */
export async function openOperationsServer(
  options: Operations & { readonly host: string; readonly port: number },
): Promise<OperationsServer> {
  const { host, port } = options;
  const app = buildOperationsApp(options);
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw listenProblem(error, host, port);
  }
  const address = app.server.address();
  return { port: typeof address === "object" && address ? address.port : port, close: () => app.close() };
}

/** The routes alone, not listening. */
export function buildOperationsApp(operations: Operations): FastifyInstance {
  const { registry, isReady, status, reload, logger, addRoutes } = operations;
  const app = Fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1024, requestTimeout: 10_000 });
  // Whatever a client sends along with POST /-/reload is ignored, of any type.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, async () => undefined);

  app.get("/-/healthy", (_request, reply) => reply.type("text/plain").send("ok"));
  app.get("/-/ready", async (_request, reply) => {
    const readiness = await isReady().catch((err: unknown): Readiness => {
      logger.error({ err }, "The readiness check failed");
      return { ready: false, detail: { check: "the check itself failed; the log has more" } };
    });
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  app.get("/-/status", async (_request, reply) => reply.send(await status()));
  app.post("/-/reload", async (_request, reply) => {
    const outcome = await reload();
    return reply.code(outcome.ok ? 200 : 400).send(outcome);
  });
  app.get("/metrics", async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  addRoutes?.(app);

  app.setErrorHandler<Error & { statusCode?: number }>((err, request, reply) => {
    const code = err.statusCode ?? 500;
    if (code >= 500) {
      logger.error({ err, url: request.url }, "An operations request failed");
    }
    return reply.code(code).send({ error: code < 500 ? err.message : "internal error; the log has more" });
  });
  return app;
}
