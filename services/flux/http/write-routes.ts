import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Flux, handleWrite } from "../handle-write.ts";
import type { RequestRefusal } from "../reasons.ts";
import { type Answer, refusalAnswer } from "./answer.ts";

/** Where Prometheus writes to: Skyline's path, the same behind a proxy that does not strip its prefix, the usual one. */
const WRITE_PATHS = ["/prometheus/write", "/flux/prometheus/write", "/api/v1/write"] as const;

/**
 * Adds the routes to write. Bodies reach `handleWrite` unread: the key is checked before a byte of them is taken.
 * @param isStopping whether the process is shutting down; from then on new requests are sent away.
 */
export function addWriteRoutes(app: FastifyInstance, flux: Flux, isStopping: () => boolean): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));

  const write = async (request: FastifyRequest, reply: FastifyReply) => {
    const start = performance.now();
    const answer = await answerWrite(flux, request, isStopping());
    flux.metrics.countAnswer(answer.status, (performance.now() - start) / 1000);
    return send(reply, answer);
  };

  for (const url of WRITE_PATHS) {
    app.all(url, { exposeHeadRoute: false }, write);
  }
}

async function answerWrite(flux: Flux, request: FastifyRequest, stopping: boolean): Promise<Answer> {
  if (request.method !== "POST") {
    return turnAway(flux, "method_not_allowed", `${request.method} is not taken, only POST`);
  }
  if (asksForStatus(request.query)) {
    return { status: 200, headers: {}, body: { status: "ok" } };
  }
  return stopping
    ? turnAway(flux, "shutting_down", "this process is stopping; send again")
    : handleWrite(flux, { headers: request.headers, body: request.raw });
}

/** `?status=…`, any word: Skyline's way to ask whether Flux is there. */
function asksForStatus(query: unknown): boolean {
  return typeof query === "object" && query !== null && "status" in query && query.status !== "";
}

function turnAway(flux: Flux, code: RequestRefusal, detail: string): Answer {
  flux.metrics.countRequestRefusal(code);
  return refusalAnswer({ ok: false, code, detail }, flux.policy().retryAfterSeconds);
}

function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  reply.code(status).headers(headers);
  return body === undefined ? reply.send() : reply.type("application/json").send(JSON.stringify(body));
}
