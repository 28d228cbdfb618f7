import type { Answer } from "../http/answer.ts";
import type { InfluxDialect } from "./influx-precision.ts";

/*
 * Answers as InfluxDB 1.x and 2.x give them. Clients look for some of these words: with `partial write` or `unable to
 * parse` in the message, Telegraf and others do not send the same lines again.
 */

/** The version that we claim: the last 1.x, which has both APIs. Clients look whether there is one. */
export const INFLUX_VERSION = "1.8.10";

/** What became of a request. */
export type InfluxOutcome =
  | { readonly kind: "stored" }
  | {
      readonly kind: "lines_refused";
      /** Whether the other lines were stored. False where there were none. */
      readonly othersStored: boolean;
      /** How many lines or samples were refused. */
      readonly count: number;
      /** Of the first refused line, from 1. Left out where the fault is not one of a line. */
      readonly lineNumber?: number;
      /** What is wrong with the first. For a line: `unable to parse '…': …`. */
      readonly words: string;
    }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly message: string;
      /** Further headers, such as retry-after. */
      readonly headers?: Readonly<Record<string, string>>;
    };

/** Error codes of InfluxDB 2.x, by status. */
const V2_CODES: ReadonlyMap<number, string> = new Map([
  [400, "invalid"],
  [401, "unauthorized"],
  [403, "forbidden"],
  [404, "not found"],
  [405, "method not allowed"],
  [413, "request too large"],
  [415, "unsupported media type"],
  [422, "unprocessable entity"],
  [429, "too many requests"],
  [503, "unavailable"],
]);

const MAX_HEADER_CHARACTERS = 512;

/** The answer in the words of InfluxDB 1.x or 2.x. */
export function influxAnswer(dialect: InfluxDialect, outcome: InfluxOutcome): Answer {
  switch (outcome.kind) {
    case "stored":
      return { status: 204, headers: influxHeaders() };
    case "lines_refused":
      return errorAnswer(dialect, 400, partialMessage(outcome), {});
    case "refused":
      return errorAnswer(dialect, outcome.status, outcome.message, outcome.headers ?? {});
  }
}

/** Headers of every answer: clients tell by them whether it is InfluxDB that answers, or a proxy. */
export function influxHeaders(): Record<string, string> {
  return { "x-influxdb-version": INFLUX_VERSION, "x-influxdb-build": "OSS" };
}

/** Makes a message fit for a header: printable ASCII, on one line, not long. */
export function headerText(message: string): string {
  return message
    .slice(0, MAX_HEADER_CHARACTERS)
    .replace(/[\r\n]+/g, " ")
    .replace(/[^\x20-\x7e]/gu, "?")
    .trim();
}

function partialMessage(outcome: Extract<InfluxOutcome, { kind: "lines_refused" }>): string {
  const { othersStored, count, lineNumber, words } = outcome;
  const place = lineNumber === undefined ? "" : `first at line ${lineNumber}, `;
  const others = othersStored ? "the others are stored" : "nothing is stored";
  const detail = `${words} (${place}${count} refused, ${others})`;
  // dropped counts what InfluxDB 1.x refuses after parsing. Clients know the message with this ending.
  return othersStored ? `partial write: ${detail} dropped=0` : detail;
}

function errorAnswer(
  dialect: InfluxDialect,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>>,
): Answer {
  const common = { ...influxHeaders(), "x-influxdb-error": headerText(message), ...headers };
  if (dialect === "v2") {
    const code = V2_CODES.get(status) ?? (status < 500 ? "invalid" : "internal error");
    return { status, headers: common, body: JSON.stringify({ code, message }) };
  }
  return {
    status,
    headers: { ...common, ...(status === 401 && { "www-authenticate": 'Basic realm="InfluxDB"' }) },
    body: `${JSON.stringify({ error: message })}\n`,
  };
}
