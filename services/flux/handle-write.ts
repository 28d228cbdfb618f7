import type { Codec } from "../kernel/codec.ts";
import type { SeriesHasher } from "../shared/series-id.ts";
import type { BufferWriter } from "./buffer-writer.ts";
import type { Dialect } from "./dialects/dialect.ts";
import type { Answer } from "./http/answer.ts";
import { readBody } from "./http/read-body.ts";
import { identifySender, type Sender } from "./intake/identity.ts";
import { type Intake, takeIn } from "./intake/intake.ts";
import type { StreamTable } from "./intake/stream-table.ts";
import type { FluxMetrics, StoreOutcome } from "./metrics.ts";
import { openStream } from "./open-stream.ts";
import type { Policy } from "./policy.ts";
import { BUFFER_REFUSALS, type BufferRefusal, type Refusal, type RequestRefusal } from "./reasons.ts";
import type { ServerRegistry } from "./server-registry.ts";
import { isTestOnly, testReport } from "./test-report.ts";
import { singleHeader, type WriteRequest } from "./write-request.ts";

/** What handling a request needs. `policy` is read once a request, so that a reload takes effect with the next one. */
export interface Flux {
  readonly policy: () => Policy;
  readonly codec: Codec;
  readonly hasher: SeriesHasher;
  readonly shards: number;
  readonly streams: StreamTable;
  readonly buffer: Pick<BufferWriter, "commit">;
  readonly servers: Pick<ServerRegistry, "remember">;
  readonly metrics: FluxMetrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told of a store that failed; the sender hears only that it has to try again. */
  readonly onBufferFailure: (error: unknown) => void;
}

/**
 * Takes a request to write from its headers to the answer: who sends it, which rules it brings, what its body holds,
 * what of that is kept, and whether Redis has it. 2xx is answered only when Redis has confirmed (DESIGN 5.1).
 */
export async function handleWrite(flux: Flux, dialect: Dialect, request: WriteRequest): Promise<Answer> {
  const policy = flux.policy();
  const refuse = (refusal: Refusal) => refuseRequest(flux, dialect, refusal, policy);
  const introduced = await dialect.introduce(request, policy);
  if (!introduced.ok) {
    return refuse(introduced);
  }
  const { headers } = introduced.request;
  const identity = identifySender(headers, policy.keys);
  if (!identity.ok) {
    return refuse(identity);
  }
  const opened = openStream(flux.streams, policy, identity.sender, headers);
  if (!opened.ok) {
    return refuse(opened);
  }
  const received = await receive(flux, dialect, introduced.request, policy);
  if (!received.ok) {
    return refuse(received);
  }
  const { payload } = received.decoded;
  const intake = takeIn(payload.request, opened.stream, { ...flux, limits: policy.seriesLimits });
  if (!intake) {
    return refuse({ ok: false, code: "malformed_protobuf", detail: "the labels of a series are not protobuf" });
  }
  if (isTestOnly(headers)) {
    return testReport(identity.sender.tenant, payload, intake);
  }
  const outcome = await store(flux, identity.sender, intake);
  flux.metrics.countIntake(identity.sender.tenant, payload, intake, outcome);
  return outcome === "stored"
    ? received.decoded.answerStored(intake, identity.sender)
    : dialect.answerRefused({ ok: false, code: outcome, detail: BUFFER_MESSAGES[outcome] }, policy.retryAfterSeconds);
}

/** The body, decoded: checks in the order of DESIGN 5.1, each before the work that the next one needs. */
async function receive(
  { metrics, now }: Flux,
  dialect: Dialect,
  request: WriteRequest,
  { maxBodyBytes, maxUncompressedBytes }: Policy,
): Promise<ReturnType<Dialect["decode"]>> {
  const readable = dialect.checkHeaders(request);
  if (!readable.ok) {
    return readable;
  }
  const received = await readBody(request.body, singleHeader(request.headers, "content-length"), maxBodyBytes);
  if (!received.ok) {
    return received;
  }
  metrics.countBody(received.body.length);
  const expanded = await dialect.expand(received.body, request, maxUncompressedBytes);
  return expanded.ok ? dialect.decode(expanded.bytes, request, now()) : expanded;
}

async function store(flux: Flux, sender: Sender, intake: Intake): Promise<StoreOutcome> {
  try {
    await flux.servers.remember(sender);
    const commit = await flux.buffer.commit(intake.kept, sender);
    if (!commit.ok) {
      return "buffer_full";
    }
    flux.metrics.countCommit(commit);
    return "stored";
  } catch (error) {
    flux.onBufferFailure(error);
    return "buffer_unavailable";
  }
}

const BUFFER_MESSAGES: Readonly<Record<BufferRefusal, string>> = {
  buffer_unavailable: "the buffer does not answer, nothing was acknowledged; send again",
  buffer_full: "the buffer is full, nothing was acknowledged; send again later",
};

function refuseRequest(flux: Flux, dialect: Dialect, refusal: Refusal, policy: Policy): Answer {
  if (isRequestRefusal(refusal.code)) {
    flux.metrics.countRequestRefusal(refusal.code);
  }
  return dialect.answerRefused(refusal, policy.retryAfterSeconds);
}

function isRequestRefusal(code: Refusal["code"]): code is RequestRefusal {
  return code !== "invalid_series" && !BUFFER_REFUSALS.some((known) => known === code);
}
