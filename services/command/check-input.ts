import { createDialects, dialectOf } from "../flux/dialects/choose-dialect.ts";
import type { BodyLimits, ReadingTerms } from "../flux/dialects/dialect.ts";
import type { Payload } from "../flux/formats/payload.ts";
import { MemoryBudget } from "../flux/http/memory-budget.ts";
import type { WriteRequest } from "../flux/write-request.ts";
import type { Codec } from "../kernel/codec.ts";
import type { CheckRulesOptions } from "./check-rules-options.ts";
import { type CommandIo, readInput, readNamedFile } from "./command.ts";
import { readSeriesNames } from "./series-names.ts";

/** What is to be checked. `headers` hold the rules that came with it. */
export type CheckInput =
  | { ok: true; payload: Payload; headers: WriteRequest["headers"] }
  | { ok: false; problems: string[] };

/** As the name of a file: what is piped into the command. */
const STANDARD_INPUT = "-";

/** What reading the input needs beside the options. */
export interface InputReading {
  readonly codec: Codec;
  readonly limits: BodyLimits;
  readonly influx: ReadingTerms["influx"];
  /** Milliseconds since 1970: the time of samples that have none. */
  readonly nowMs: number;
}

/** Reads names of series, or a captured body as Flux would read it. @throws when a file cannot be read. */
export async function readCheckInput(
  { headers, namesFile, bodyFile, url }: CheckRulesOptions,
  stdin: CommandIo["stdin"],
  reading: InputReading,
): Promise<CheckInput> {
  if (bodyFile !== undefined) {
    const body = bodyFile === STANDARD_INPUT ? await readInput(stdin) : await readNamedFile(bodyFile);
    return readBody(toWriteRequest(url, headers, body), body, reading);
  }
  const text = namesFile === undefined ? await readInput(stdin) : await readNamedFile(namesFile);
  return { ok: true, payload: readSeriesNames(text.toString("utf8"), reading.nowMs), headers };
}

/** A stand-in, for nobody asks who may write; where a header has a key, the body is not searched for one. */
const ANY_KEY = { key: "any" };

function toWriteRequest(url: string, headers: CheckRulesOptions["headers"], body: Buffer): WriteRequest {
  const [path = "", query = ""] = url.split(/\?(.*)/s);
  return {
    path,
    query: new URLSearchParams(query),
    headers: { ...ANY_KEY, ...headers },
    body: { read: () => Promise.resolve({ ok: true, body }) },
    memory: new MemoryBudget(() => Number.POSITIVE_INFINITY).reserve(),
  };
}

async function readBody(
  asked: WriteRequest,
  body: Buffer,
  { codec, limits, influx, nowMs }: InputReading,
): Promise<CheckInput> {
  const dialect = dialectOf(asked, createDialects(codec));
  const introduced = await dialect.introduce(asked, limits);
  if (!introduced.ok) {
    return refuse(introduced);
  }
  const { request } = introduced;
  const decoder = dialect.decoderFor(request, { influx });
  if (!decoder.ok) {
    return refuse(decoder);
  }
  const expanded = await dialect.expand(body, request, limits.maxUncompressedBytes);
  const decoded = expanded.ok
    ? decoder.decode(expanded.bytes, { nowMs, maxUncompressedBytes: limits.maxUncompressedBytes })
    : expanded;
  return decoded.ok ? { ok: true, payload: decoded.decoded.payload, headers: request.headers } : refuse(decoded);
}

function refuse({ code, detail }: { readonly code: string; readonly detail: string }): CheckInput {
  return { ok: false, problems: [`Flux would refuse the body: ${code}: ${detail}`] };
}
