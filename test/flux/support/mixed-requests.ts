import type { Random } from "../../support/random.ts";
import { writeRequestBody } from "../../support/write-request.ts";
import type { Sent } from "./two-tenants.ts";

/*
 * Requests in every dialect, good and bad, of which the sender knows what must become of each sample.
 */

/** Settings under which the requests come to what they say. */
export const MIXED_SETTINGS = { DROP_METRICS: '["^drop_"]', FLUX_PROMETHEUS_MAX_FUTURE: "3600" } as const;

/** Good series that a sender has in all. */
const GOOD_SERIES = 20;

/** What samples of a request come to, whatever limits and Redis say to the rest. */
export interface Fate {
  readonly received: number;
  /** By `kind/reason`, as in `dropped/drop_metrics`. */
  readonly decided: ReadonlyMap<string, number>;
  /** To be stored, where there is a place for their series. */
  readonly kept: number;
}

export interface MixedRequest {
  readonly sent: Sent;
  readonly fate: Fate;
}

type Dialect = "remote_write" | "json" | "lines";
const DIALECTS = ["remote_write", "json", "lines"] as const;
/** Far beyond FLUX_PROMETHEUS_MAX_FUTURE. */
const FAR_MS = 86_400_000;

interface Point {
  /** Undefined: it cannot be read, or has no name. */
  readonly name: string | undefined;
  readonly timestampMs: number;
  readonly value: number;
}

/** @param timestampMs no other request of the sender has it. @param maxGood most good series in it. */
export function mixedRequest(
  random: Random,
  headers: Readonly<Record<string, string>>,
  timestampMs: number,
  maxGood = GOOD_SERIES,
): MixedRequest {
  const dialect = random.pick<Dialect>(DIALECTS);
  const counts = { drop: random.below(4), also: random.below(3), far: random.below(2), bad: random.below(3) };
  const good = points("good", 1 + random.below(maxGood), timestampMs);
  const repeated = good.slice(0, random.below(3));
  const all = [
    ...good,
    ...points("drop", counts.drop, timestampMs),
    ...points("also", counts.also, timestampMs),
    ...points("far", counts.far, timestampMs + FAR_MS),
    ...points(undefined, counts.bad, timestampMs),
    ...repeated,
  ];
  const decided = new Map([
    ["dropped/drop_metrics", counts.drop + counts.also],
    ["dropped/overwritten_in_request", repeated.length],
    ["refused/sample_too_far_ahead", counts.far],
    [dialect === "remote_write" ? "refused/missing_metric_name" : "refused/unreadable", counts.bad],
  ]);
  return {
    sent: requestOf(dialect, all, { ...headers, dropmetrics: "^also_" }),
    fate: { received: all.length, decided, kept: good.length },
  };
}

function points(kind: string | undefined, count: number, timestampMs: number): Point[] {
  return Array.from({ length: count }, (_, i) => ({
    name: kind === undefined ? undefined : `${kind}_${i}`,
    timestampMs,
    value: i,
  }));
}

function requestOf(dialect: Dialect, all: readonly Point[], headers: Readonly<Record<string, string>>): Sent {
  switch (dialect) {
    case "remote_write": {
      const series = all.map(({ name, timestampMs, value }) => ({
        labels: { ...(name !== undefined && { __name__: name }), job: "mixed" },
        samples: [{ timestampMs, value }],
      }));
      return { path: "/prometheus/write", headers, body: writeRequestBody(series) };
    }
    case "json": {
      const metrics = all.map(({ name, timestampMs, value }) => ({
        metric: `${name}{job="mixed"}`,
        timestamp: timestampMs,
        value: name === undefined ? "unreadable" : value,
      }));
      const body = JSON.stringify({ metrics });
      return { path: "/prometheus/write", headers: { ...headers, "content-type": "application/json" }, body };
    }
    case "lines": {
      const lines = all.map(({ name, timestampMs, value }) =>
        name === undefined ? "unreadable" : `${name},job=mixed value=${value} ${timestampMs}`,
      );
      return { path: "/write?precision=ms", headers, body: lines.join("\n") };
    }
  }
}
