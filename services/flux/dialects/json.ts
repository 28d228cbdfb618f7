import { allInvalidJsonBody, partialJsonBody } from "../formats/json-answer.ts";
import { type JsonPayload, parseJsonPayload, readJsonKey } from "../formats/json-payload.ts";
import { parsedJsonBytes } from "../formats/json-text.ts";
import { type Answer, refusalAnswer, STORED } from "../http/answer.ts";
import { expandBody } from "../http/expand-body.ts";
import type { Intake } from "../intake/intake.ts";
import type { Refusal } from "../reasons.ts";
import { contentEncoding, singleHeader, type WriteRequest } from "../write-request.ts";
import { describeRefusals } from "./describe-refusals.ts";
import type { BodyLimits, Decode, DecodedBody, Dialect } from "./dialect.ts";

/** Elements of `metrics` in one request. */
const MAX_ITEMS = 1_000_000;
/** A body that is read to find its key, before anybody is known to have one: Skyline's limit for all bodies. */
const MAX_ANONYMOUS_BYTES = 1024 * 1024;
const MAX_ANONYMOUS_EXPANDED_BYTES = 8 * MAX_ANONYMOUS_BYTES;

/** Skyline's JSON payload. Its key stands in the body; in a header, as elsewhere, it is found without reading it. */
export const jsonDialect: Dialect = {
  introduce,
  decoderFor: ({ memory }) => ({ ok: true, decode: (bytes) => decode(bytes, memory) }),
  expand: (body, { headers, memory }, maxBytes) => expandBody(body, contentEncoding(headers), maxBytes, memory),
  answerRefused,
};

async function introduce(request: WriteRequest, limits: BodyLimits): ReturnType<Dialect["introduce"]> {
  const { headers, body, memory } = request;
  if (singleHeader(headers, "key") || singleHeader(headers, "authorization")) {
    return { ok: true, request };
  }
  const maxBytes = Math.min(MAX_ANONYMOUS_BYTES, limits.maxBodyBytes);
  const received = await body.read(maxBytes);
  if (!received.ok) {
    return received;
  }
  const maxExpandedBytes = Math.min(MAX_ANONYMOUS_EXPANDED_BYTES, limits.maxUncompressedBytes);
  const rawBytes = memory.heldBytes;
  const expanded = await expandBody(received.body, contentEncoding(headers), maxExpandedBytes, memory);
  if (!expanded.ok) {
    return expanded;
  }
  const key = readJsonKey(expanded.bytes);
  memory.give(memory.heldBytes - rawBytes);
  return { ok: true, request: { ...request, headers: { ...headers, key } } };
}

function decode(bytes: Buffer, memory: WriteRequest["memory"]): ReturnType<Decode> {
  const room = memory.take(parsedJsonBytes(bytes));
  if (!room.ok) {
    return room;
  }
  const parsed = parseJsonPayload(bytes, { maxItems: MAX_ITEMS });
  return parsed.ok ? { ok: true, decoded: decodedBody(parsed.payload) } : parsed;
}

function decodedBody(payload: JsonPayload): DecodedBody {
  return {
    payload,
    answerStored: (intake, owner) => {
      const refused = describeRefusals(payload, intake);
      return refused === undefined ? STORED : partialAnswer(payload, intake, owner, refused);
    },
  };
}

/** 207 where a part is stored, 400 where nothing is, in Skyline's shape, with the reason of the first refusal added. */
function partialAnswer(
  { invalid, validMetrics }: JsonPayload,
  { refusals }: Intake,
  owner: { readonly tenant: string; readonly server: string },
  detail: string,
): Answer {
  const refusedSeries = new Set(refusals.map(({ series }) => series));
  const invalidItems = [...invalid, ...[...refusedSeries].map((series) => ({ item: validMetrics[series] }))];
  const stored = validMetrics.filter((_, series) => !refusedSeries.has(series));
  const outcome = { invalidItems, owner };
  const body = stored.length > 0 ? partialJsonBody({ ...outcome, validMetrics: stored }) : allInvalidJsonBody(outcome);
  return { status: body.code, headers: {}, body: JSON.stringify({ ...body, detail }) };
}

const SKYLINE_MESSAGES: Partial<Record<Refusal["code"], string>> = {
  no_key: "no key header",
  unknown_key: "invalid key",
  malformed_json: "invalid json data",
  no_metrics: "no metrics data sent",
};

function answerRefused(refusal: Refusal, retryAfterSeconds: number): Answer {
  const answer = refusalAnswer(refusal, retryAfterSeconds);
  const message = SKYLINE_MESSAGES[refusal.code];
  return message === undefined
    ? answer
    : { ...answer, body: JSON.stringify({ code: answer.status, message, detail: refusal.detail }) };
}
