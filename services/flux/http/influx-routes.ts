import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { INFLUX_VERSION, influxAnswer, influxHeaders } from "../formats/influx-answer.ts";
import { influxQueryResult } from "../formats/influx-query.ts";
import { type Answer, refusalAnswer } from "./answer.ts";
import type { Exchange } from "./exchanges.ts";
import { sendAnswer } from "./send-answer.ts";
import type { Transport } from "./transport.ts";

/** Below which InfluxDB clients can be pointed at Flux; tenant and server may follow. */
const BASES = ["", "/influx", "/prometheus", "/flux/prometheus"].flatMap((base) => [
  base,
  `${base}/t/:tenant/s/:server`,
]);

const MAX_QUERY_BYTES = 65_536;
/** Where there is no memory for the form of a query. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Adds what clients of InfluxDB ask for beside writing: `/ping`, `/health`, `/query` and `/api/v2/query`, at the root
 * and below every base path. They need no key and tell nothing but that Flux is there. Bodies must reach the routes unread.
 */
export function addInfluxSideRoutes(app: FastifyInstance, isStopping: Transport["isStopping"]): void {
  // As it is, without a charset: some clients compare the type with exactly this one.
  const send = (request: FastifyRequest, reply: FastifyReply, answer: Answer) =>
    sendAnswer(reply, request.exchange, answer, { contentType: "application/json", mustClose: isStopping() });
  for (const base of BASES) {
    app.get(`${base}/ping`, (request, reply) => send(request, reply, answerPing(queryOf(request.raw))));
    app.get(`${base}/health`, (request, reply) => send(request, reply, HEALTHY));
    app.get(`${base}/query`, (request, reply) => send(request, reply, answerQuery(queryOf(request.raw))));
    app.post(`${base}/query`, async (request, reply) => {
      const { exchange } = request;
      const answer = await answerPostedQuery(exchange).finally(() => exchange.release());
      return send(request, reply, answer);
    });
    app.post(`${base}/api/v2/query`, (request, reply) => send(request, reply, NO_TABLES));
  }
}

const HEALTHY = json({
  name: "influxdb",
  message: "ready for queries and writes",
  status: "pass",
  checks: [],
  version: INFLUX_VERSION,
  commit: "",
});

/** What a query of 2.x finds, whatever it asks for: no tables. Clients that ask before they write go on then. */
const NO_TABLES: Answer = {
  status: 200,
  headers: { ...influxHeaders(), "content-type": "text/csv; charset=utf-8" },
  body: "",
};

/** 204; or the version, for those who ask for words. */
function answerPing(query: URLSearchParams): Answer {
  return ["", "0", "false"].includes(query.get("verbose") ?? "")
    ? { status: 204, headers: influxHeaders() }
    : json({ version: INFLUX_VERSION });
}

/** A statement in the query, or in a form in the body. */
async function answerPostedQuery({ request, body }: Exchange): Promise<Answer> {
  const query = queryOf(request);
  if (query.has("q")) {
    // What the body holds is not of interest.
    return answerQuery(query);
  }
  const received = await body.read(MAX_QUERY_BYTES);
  if (!received.ok) {
    const { status, headers } = refusalAnswer(received, RETRY_AFTER_SECONDS);
    const message = `the form of a query may have at most ${MAX_QUERY_BYTES} bytes, and must arrive whole`;
    return influxAnswer("v1", { kind: "refused", status, message, headers });
  }
  const form = new URLSearchParams(received.body.toString("utf8"));
  query.forEach((value, name) => {
    form.append(name, value);
  });
  return answerQuery(form);
}

function answerQuery(query: URLSearchParams): Answer {
  const statement = query.get("q") ?? "";
  return statement.trim() === ""
    ? influxAnswer("v1", { kind: "refused", status: 400, message: 'missing required parameter "q"' })
    : json(influxQueryResult(statement, query.get("db") ?? ""));
}

function queryOf(request: Exchange["request"]): URLSearchParams {
  const url = request.url ?? "";
  const mark = url.indexOf("?");
  return new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
}

function json(body: object): Answer {
  return { status: 200, headers: influxHeaders(), body: `${JSON.stringify(body)}\n` };
}
