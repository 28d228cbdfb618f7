import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { INFLUX_VERSION, influxAnswer, influxHeaders } from "../formats/influx-answer.ts";
import { influxQueryResult } from "../formats/influx-query.ts";
import type { Answer } from "./answer.ts";
import { readBody } from "./read-body.ts";

/** Below which InfluxDB clients can be pointed at Flux; tenant and server may follow. */
const BASES = ["", "/influx", "/prometheus", "/flux/prometheus"].flatMap((base) => [
  base,
  `${base}/t/:tenant/s/:server`,
]);

const MAX_QUERY_BYTES = 65_536;

/**
 * Adds what clients of InfluxDB ask for beside writing: `/ping`, `/health` and `/query`, at the root and below every
 * base path. They need no key and tell nothing but that Flux is there. Bodies must reach the routes unread.
 */
export function addInfluxSideRoutes(app: FastifyInstance): void {
  for (const base of BASES) {
    app.get(`${base}/ping`, (request, reply) => send(reply, answerPing(queryOf(request))));
    app.get(`${base}/health`, (_request, reply) => send(reply, HEALTHY));
    app.get(`${base}/query`, (request, reply) => send(reply, answerQuery(queryOf(request))));
    app.post(`${base}/query`, async (request, reply) => send(reply, await answerPostedQuery(request)));
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

/** 204; or the version, for those who ask for words. */
function answerPing(query: URLSearchParams): Answer {
  return ["", "0", "false"].includes(query.get("verbose") ?? "")
    ? { status: 204, headers: influxHeaders() }
    : json({ version: INFLUX_VERSION });
}

/** A statement in the query, or in a form in the body. */
async function answerPostedQuery(request: FastifyRequest): Promise<Answer> {
  const query = queryOf(request);
  if (query.has("q")) {
    // What the body holds is not of interest. Node throws it away, and the connection is kept.
    return answerQuery(query);
  }
  const received = await readBody(request.raw, request.raw.headers["content-length"], MAX_QUERY_BYTES);
  if (!received.ok) {
    const status = received.code === "body_too_large" ? 413 : 400;
    const message = `the form of a query may have at most ${MAX_QUERY_BYTES} bytes, and must arrive whole`;
    return influxAnswer("v1", { kind: "refused", status, message, headers: { connection: "close" } });
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

function queryOf({ raw }: FastifyRequest): URLSearchParams {
  const url = raw.url ?? "";
  const mark = url.indexOf("?");
  return new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
}

function json(body: object): Answer {
  return { status: 200, headers: influxHeaders(), body: `${JSON.stringify(body)}\n` };
}

function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  reply.code(status).headers(headers);
  if (body === undefined) {
    return reply.send();
  }
  // As bytes: to a text, Fastify would add a charset, and some clients compare the type with exactly this one.
  return reply.header("content-type", "application/json").send(Buffer.from(body));
}
