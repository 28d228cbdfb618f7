import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { KeyRing } from "../../shared/key-ring.ts";
import type { Logger } from "../../shared/logger.ts";
import { Pace } from "./pace.ts";
import type { ReadMetrics } from "./read-metrics.ts";
import { ReadSeats } from "./read-seats.ts";
import { type ReadOutcome, readSeries, type SeriesSource } from "./read-series.ts";
import { identifyReader } from "./reader-identity.ts";
import { recentAnswer, refusedAnswer } from "./recent-answer.ts";
import { parseRecentQuery } from "./recent-query.ts";

export const RECENT_PATH = "/api/v1/recent";
/** How long somebody may wait for an answer. */
const READ_TIMEOUT_MS = 20_000;
/** Reading must not hold up writing: so many requests at a time, and so many with keys of the same namespace. */
const SEATS = { total: 6, perHolder: 3 };
const RETRY_AFTER_SECONDS = 1;
/** The status that is counted where nobody gets the answer. */
const CLIENT_GONE = 499;

export interface RecentRouteOptions {
  /** Those of the settings as they are now. */
  readonly keys: () => KeyRing;
  /** Undefined where RedisTimeSeries is turned off. */
  readonly source: SeriesSource | undefined;
  readonly metrics: ReadMetrics;
  readonly logger: Pick<Logger, "warn">;
  readonly now: () => number;
}

interface RecentAnswer {
  readonly status: number;
  readonly body: string;
}

/** Adds `GET /api/v1/recent`, which answers what RedisTimeSeries holds, to who has a key and for its tenants alone. */
export function addRecentRoute(app: FastifyInstance, options: RecentRouteOptions): void {
  const seats = new ReadSeats(SEATS);
  app.get(RECENT_PATH, async (request, reply) => {
    const begunMs = performance.now();
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort(new Error("who asked has gone")));
    const answer = await answerRecent(options, seats, request, gone.signal);
    options.metrics.observe(answer.status, (performance.now() - begunMs) / 1000);
    return send(reply, answer);
  });
}

function send(reply: FastifyReply, { status, body }: RecentAnswer): FastifyReply {
  if (status === 503) {
    reply.header("retry-after", RETRY_AFTER_SECONDS);
  }
  return reply.code(status).header("cache-control", "no-store").type("application/json; charset=utf-8").send(body);
}

async function answerRecent(
  { keys, source, logger, now }: RecentRouteOptions,
  seats: ReadSeats,
  { headers, raw }: FastifyRequest,
  gone: AbortSignal,
): Promise<RecentAnswer> {
  const identified = identifyReader(headers, keys());
  if (!identified.ok) {
    return refuse(identified.status, identified.status === 400 ? "bad_data" : "forbidden", identified.detail);
  }
  if (!source) {
    return refuse(404, "not_found", "cannot read recent samples: RTS_ENABLED is false, so there is no RedisTimeSeries");
  }
  const parsed = parseRecentQuery(new URL(raw.url ?? "", "http://horizon").searchParams, now());
  if (!parsed.ok) {
    return refuse(400, "bad_data", parsed.detail);
  }
  const { namespace, tenants } = identified.reader;
  const leave = seats.take(namespace);
  if (!leave) {
    return refuse(503, "unavailable", "cannot read now: too many requests read at a time; try again");
  }
  const timeout = AbortSignal.timeout(READ_TIMEOUT_MS);
  try {
    const pace = new Pace(AbortSignal.any([gone, timeout]), () => performance.now());
    return await answerOf(await readSeries(source, parsed.query, tenants, pace), pace);
  } catch (error) {
    if (timeout.aborted) {
      return refuse(503, "timeout", `cannot read: it takes longer than ${READ_TIMEOUT_MS / 1000} s; ask for less`);
    }
    if (gone.aborted) {
      return refuse(CLIENT_GONE, "canceled", "cannot answer: who asked has gone");
    }
    logger.warn({ err: error }, "Recent samples cannot be read");
    const words = error instanceof Error ? error.message : String(error);
    return refuse(503, "unavailable", `cannot read from RedisTimeSeries: ${words}`);
  } finally {
    leave();
  }
}

async function answerOf(outcome: ReadOutcome, pace: Pace): Promise<RecentAnswer> {
  if (outcome.ok) {
    return { status: 200, body: await recentAnswer(outcome.series, outcome.warnings, pace) };
  }
  const isFaulty = outcome.code === "no_value_named";
  return refuse(isFaulty ? 400 : 422, isFaulty ? "bad_data" : "execution", outcome.detail);
}

function refuse(status: number, errorType: string, detail: string): RecentAnswer {
  return { status, body: refusedAnswer(errorType, detail) };
}
