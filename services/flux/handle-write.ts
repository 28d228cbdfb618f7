import type { Codec, DecodedWriteRequest } from "../kernel/codec.ts";
import type { SeriesHasher } from "../shared/series-id.ts";
import type { BufferWriter } from "./buffer-writer.ts";
import { type Answer, refusalAnswer, STORED } from "./http/answer.ts";
import { checkBodyHeaders } from "./http/content-type.ts";
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
  /** Told of a store that failed; the sender hears only that it has to try again. */
  readonly onBufferFailure: (error: unknown) => void;
}

/**
 * Takes a request to write from its headers to the answer: who sends it, which rules it brings, what its body holds,
 * what of that is kept, and whether Redis has it. 2xx is answered only when Redis has confirmed (DESIGN 5.1).
 */
export async function handleWrite(flux: Flux, request: WriteRequest): Promise<Answer> {
  const policy = flux.policy();
  const identity = identifySender(request.headers, policy.keys);
  if (!identity.ok) {
    return refuse(flux, identity);
  }
  const { sender } = identity;
  const opened = openStream(flux.streams, policy, sender, request.headers);
  if (!opened.ok) {
    return refuse(flux, opened);
  }
  const decoded = await receive(flux, request);
  if (!decoded.ok) {
    return refuse(flux, decoded);
  }
  const intake = takeIn(decoded.request, opened.stream, { ...flux, limits: policy.seriesLimits });
  if (!intake) {
    return refuse(flux, { ok: false, code: "malformed_protobuf", detail: "the labels of a series are not protobuf" });
  }
  if (isTestOnly(request.headers)) {
    return testReport(sender.tenant, intake);
  }
  const outcome = await store(flux, sender, intake);
  flux.metrics.countIntake(sender.tenant, intake, outcome);
  flux.metrics.countMetadata(sender.tenant, decoded.request.metadataCount);
  return answerTo(intake, outcome, policy);
}

/** The body, decoded: checks in the order of DESIGN 5.1, each before the work that the next one needs. */
async function receive(
  flux: Flux,
  { headers, body }: WriteRequest,
): Promise<{ ok: true; request: DecodedWriteRequest } | Refusal> {
  const { maxBodyBytes, maxUncompressedBytes } = flux.policy();
  const readable = checkBodyHeaders({
    "content-type": singleHeader(headers, "content-type"),
    "content-encoding": singleHeader(headers, "content-encoding"),
  });
  if (!readable.ok) {
    return readable;
  }
  const received = await readBody(body, singleHeader(headers, "content-length"), maxBodyBytes);
  if (!received.ok) {
    return received;
  }
  flux.metrics.countBody(received.body.length);
  const expanded = flux.codec.uncompress(received.body, maxUncompressedBytes);
  return expanded.ok ? flux.codec.decodeWriteRequest(expanded.bytes) : expanded;
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

function answerTo(intake: Intake, outcome: StoreOutcome, policy: Policy): Answer {
  if (outcome !== "stored") {
    return refusalAnswer({ ok: false, code: outcome, detail: BUFFER_MESSAGES[outcome] }, policy.retryAfterSeconds);
  }
  if (!intake.firstRefusal) {
    return STORED;
  }
  const refused = [...intake.refused.values()].reduce((sum, samples) => sum + samples, 0);
  const { reason, detail } = intake.firstRefusal;
  const counts = `${refused} of ${intake.received} samples refused, the others are stored; the first`;
  return refusalAnswer({ ok: false, code: "invalid_series", detail: `${counts}: ${reason}: ${detail}` }, 0);
}

const BUFFER_MESSAGES: Readonly<Record<BufferRefusal, string>> = {
  buffer_unavailable: "the buffer does not answer, nothing was acknowledged; send again",
  buffer_full: "the buffer is full, nothing was acknowledged; send again later",
};

function refuse(flux: Flux, refusal: Refusal): Answer {
  if (isRequestRefusal(refusal.code)) {
    flux.metrics.countRequestRefusal(refusal.code);
  }
  return refusalAnswer(refusal, flux.policy().retryAfterSeconds);
}

function isRequestRefusal(code: Refusal["code"]): code is RequestRefusal {
  return code !== "invalid_series" && !BUFFER_REFUSALS.some((known) => known === code);
}
