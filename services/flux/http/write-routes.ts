import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Dialects, dialectOf, INFLUX_WRITE_PATHS, WRITE_PATHS } from "../dialects/choose-dialect.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { type Flux, handleWrite } from "../handle-write.ts";
import type { RequestRefusal } from "../reasons.ts";
import type { WriteRequest } from "../write-request.ts";
import type { Answer } from "./answer.ts";
import type { Exchange } from "./exchanges.ts";
import { headersAsSent } from "./header-text.ts";
import { sendAnswer } from "./send-answer.ts";
import type { Transport } from "./transport.ts";

/** Adds the routes to write. Bodies reach `handleWrite` unread: the key is checked before a byte of them is taken. */
export function addWriteRoutes(
  app: FastifyInstance,
  flux: Flux,
  dialects: Dialects,
  isStopping: Transport["isStopping"],
): void {
  const write = async (request: FastifyRequest, reply: FastifyReply) => {
    const start = performance.now();
    const { exchange } = request;
    const asked = toWriteRequest(exchange);
    const dialect = dialectOf(asked, dialects);
    try {
      const answer = await answerWrite(flux, dialect, request.method, asked, isStopping());
      flux.metrics.countAnswer(answer.status, (performance.now() - start) / 1000);
      return sendAnswer(reply, exchange, answer, { mustClose: isStopping() });
    } finally {
      exchange.release();
    }
  };

  for (const url of [...WRITE_PATHS, ...INFLUX_WRITE_PATHS]) {
    app.all(url, { exposeHeadRoute: false }, write);
  }
}

function toWriteRequest({ request, body, memory }: Exchange): WriteRequest {
  const url = request.url ?? "";
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
  return { headers: headersAsSent(request.headers), path, query, body, memory };
}

async function answerWrite(
  flux: Flux,
  dialect: Dialect,
  method: string,
  request: WriteRequest,
  stopping: boolean,
): Promise<Answer> {
  const turnAway = (code: RequestRefusal, detail: string) => {
    flux.metrics.countRequestRefusal(code);
    return dialect.answerRefused({ ok: false, code, detail }, flux.policy().retryAfterSeconds);
  };
  if (method !== "POST") {
    return turnAway("method_not_allowed", `${method} is not taken, only POST`);
  }
  if (asksForStatus(request.query)) {
    return { status: 200, headers: {}, body: JSON.stringify({ status: "ok" }) };
  }
  return stopping
    ? turnAway("shutting_down", "this process is stopping; send again")
    : handleWrite(flux, dialect, request);
}

/** `?status=…`, any word: Skyline's way to ask whether Flux is there. */
function asksForStatus(query: URLSearchParams): boolean {
  return (query.get("status") ?? "") !== "";
}
