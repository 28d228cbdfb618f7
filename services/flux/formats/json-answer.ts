import { SERVER_LABEL, TENANT_LABEL } from "../../shared/series.ts";
import type { InvalidJsonItem } from "./json-payload.ts";

/*
 * The bodies that answer a JSON payload, in Skyline's shapes, its spelling included: clients look for these words.
 */

const LONGEST_ECHO = 200;

/** What became of the elements of `metrics`. */
export interface JsonOutcome {
  /** Names without tenant and server, as `JsonPayload.validMetrics` has them. */
  readonly validMetrics: readonly string[];
  readonly invalidItems: readonly Pick<InvalidJsonItem, "item">[];
  readonly owner: { readonly tenant: string; readonly server: string };
}

/** One element in an answer: as it came with 400, or the name of its series with 200. */
export interface JsonVerdict {
  readonly metric_data: unknown;
  readonly status: 200 | 400;
}

export interface JsonOutcomeBody {
  readonly code: 207 | 400;
  readonly data: readonly JsonVerdict[];
  readonly error: string;
  readonly message: string;
}

/** The body of 207: a part of the elements is invalid, the others are stored. Invalid ones first. */
export function partialJsonBody(outcome: JsonOutcome): JsonOutcomeBody {
  return outcomeBody(207, outcome);
}

/** The body of 400 where every element is invalid. Skyline promises 400 and sends 204; the shape is that of 207. */
export function allInvalidJsonBody(outcome: Omit<JsonOutcome, "validMetrics">): JsonOutcomeBody {
  return outcomeBody(400, { ...outcome, validMetrics: [] });
}

function outcomeBody(code: JsonOutcomeBody["code"], outcome: JsonOutcome): JsonOutcomeBody {
  const { validMetrics, invalidItems, owner } = outcome;
  const valid = validMetrics.length;
  const invalid = invalidItems.length;
  return {
    code,
    data: [
      ...invalidItems.map(({ item }) => ({ metric_data: echo(item), status: 400 as const })),
      ...validMetrics.map((name) => ({ metric_data: ownedName(name, owner), status: 200 as const })),
    ],
    error: `partial injestion - ${valid} metrics were ingested and the data for ${invalid} metrics was invalid and was not ingested`,
    message: `${valid} metrics were processed and ${invalid} metric data were rejected`,
  };
}

/** `up{job="node"}` → `up{_tenant_id="T",_server_id="S",job="node"}`. */
function ownedName(name: string, { tenant, server }: JsonOutcome["owner"]): string {
  const opening = name.indexOf("{");
  const labels = name.slice(opening + 1, -1);
  const owner = `${TENANT_LABEL}="${tenant}",${SERVER_LABEL}="${server}"`;
  return `${name.slice(0, opening)}{${owner}${labels === "" ? "" : `,${labels}`}}`;
}

/** An element as it came. What is nested in it is left out: it may be deeper than JSON.stringify can go. */
function echo(item: unknown): unknown {
  if (typeof item !== "object" || item === null) {
    return echoMember(item);
  }
  return Array.isArray(item)
    ? "(a list)"
    : Object.fromEntries(Object.entries(item).map(([name, value]) => [cut(name), echoMember(value)]));
}

function echoMember(value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    return Array.isArray(value) ? "(a list)" : "(an object)";
  }
  return typeof value === "string" ? cut(value) : value;
}

function cut(text: string): string {
  return text.length > LONGEST_ECHO ? `${text.slice(0, LONGEST_ECHO)}…` : text;
}
