import type { Codec } from "../kernel/codec.ts";
import type { SeriesHasher } from "../shared/series-id.ts";
import type { Dialect } from "./dialects/dialect.ts";
import type { Answer } from "./http/answer.ts";
import { withMergeWarning } from "./http/merge-warning.ts";
import type { BufferFormat } from "./intake/buffer-format.ts";
import { identifySender, type Sender } from "./intake/identity.ts";
import { takeIn } from "./intake/intake.ts";
import { scratchStream } from "./intake/scratch-stream.ts";
import type { Deciding } from "./intake/stream.ts";
import type { StreamTable } from "./intake/stream-table.ts";
import { boundsAt, type TimeBounds } from "./intake/time-bounds.ts";
import type { MetadataStore } from "./metadata/metadata-store.ts";
import type { FluxMetrics } from "./metrics.ts";
import { openStream, RULES_TOO_SLOW } from "./open-stream.ts";
import { type Policy, type Terms, termsOf } from "./policy.ts";
import { BUFFER_REFUSALS, type BufferRefusal, type Refusal, type RequestRefusal } from "./reasons.ts";
import { receiveBody } from "./receive-body.ts";
import { type Storing, storeIntake } from "./store-intake.ts";
import { examplesAskedFor, isTestOnly, testReport } from "./test-report.ts";
import type { Gate, Pass } from "./traffic-gate.ts";
import type { WriteRequest } from "./write-request.ts";

/** What handling a request needs. `policy` is read once a request, so that a reload takes effect with the next one. */
export interface Flux extends Storing {
  readonly policy: () => Policy;
  readonly codec: Codec;
  readonly hasher: SeriesHasher;
  readonly shards: number;
  readonly streams: StreamTable;
  readonly gate: Pick<Gate, "enter">;
  /** What the buffer stores samples as; blocks where it is not said. */
  readonly format?: BufferFormat;
  readonly metadata: Pick<MetadataStore, "keep">;
  readonly metrics: FluxMetrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Takes a request to write from its headers to the answer: who sends it, whether there is room for it, which rules it
 * brings, what its body holds, what of that is kept, and whether Redis has it. 2xx is answered only when Redis has
 * confirmed (DESIGN 5.1).
 */
export async function handleWrite(flux: Flux, dialect: Dialect, request: WriteRequest): Promise<Answer> {
  const policy = flux.policy();
  const refuse = (refusal: Refusal) => refuseRequest(flux, dialect, refusal, policy);
  const introduced = await dialect.introduce(request, policy.limits);
  if (!introduced.ok) {
    return refuse(introduced);
  }
  const identity = identifySender(introduced.request.headers, policy.keys);
  if (!identity.ok) {
    return refuse(identity);
  }
  const { sender } = identity;
  request.memory.identify(sender.tenant);
  const terms = termsOf(policy, sender);
  const entered = await flux.gate.enter(terms.meters);
  if (!entered.ok) {
    flux.metrics.countLimited(sender.tenant, entered.code);
    return refuse(entered);
  }
  try {
    const admitted = { request: introduced.request, policy, sender, terms, pass: entered.pass };
    const taken = await takeRequest(flux, dialect, admitted);
    return isRefusal(taken) ? refuse(taken) : taken;
  } finally {
    entered.pass.leave();
  }
}

/** A request whose sender is known and within its rates. */
interface Admitted {
  readonly request: WriteRequest;
  readonly policy: Policy;
  readonly sender: Sender;
  readonly terms: Terms;
  readonly pass: Pass;
}

async function takeRequest(flux: Flux, dialect: Dialect, admitted: Admitted): Promise<Answer | Refusal> {
  const { request, policy, sender, terms, pass } = admitted;
  const opened = openStream(flux.streams, policy, terms, sender, request.headers);
  if (!opened.ok) {
    return opened;
  }
  const received = await receiveBody(flux, dialect, admitted);
  if (!received.ok) {
    return received;
  }
  const read = received.decode();
  if (!read.ok) {
    return read;
  }
  const { payload } = read.decoded;
  const isTest = isTestOnly(request.headers);
  const stream = isTest ? scratchStream(opened.stream.stream, payload.request.series.length) : opened.stream;
  const intake = takeIn(payload.request, stream, deciding(flux, terms), timeBounds(flux, terms));
  if (!intake) {
    return stream.stream.rules.budget?.isExceeded ? RULES_TOO_SLOW : MALFORMED_LABELS;
  }
  pass.charge("samples", intake.received);
  if (isTest) {
    const tested = { payload, intake, stream, codec: flux.codec };
    return withMergeWarning(testReport(sender.tenant, tested, examplesAskedFor(request.query)), intake);
  }
  // Before the samples, so that series which are registered now get the types that this very request tells.
  flux.metrics.countMetadata(sender.tenant, await flux.metadata.keep(sender, payload.request));
  const stored = await storeIntake(flux, admitted, intake);
  if (isRefusal(stored)) {
    return stored;
  }
  const { outcome } = stored;
  flux.metrics.countIntake(sender.tenant, payload, stored.intake, outcome);
  return outcome === "stored"
    ? withMergeWarning(read.decoded.answerStored(stored.intake, sender), stored.intake)
    : { ok: false, code: outcome, detail: BUFFER_MESSAGES[outcome] };
}

const MALFORMED_LABELS: Refusal = {
  ok: false,
  code: "malformed_protobuf",
  detail: "the labels of a series are not protobuf",
};

function deciding({ codec, hasher, shards, format }: Flux, { limits }: Terms): Deciding {
  return format ? { codec, hasher, shards, limits, format } : { codec, hasher, shards, limits };
}

function timeBounds({ now }: Flux, { limits: { maxSampleAgeMs, maxSampleFutureMs } }: Terms): TimeBounds {
  return boundsAt(now(), maxSampleAgeMs, maxSampleFutureMs);
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

function isRefusal(outcome: object): outcome is Refusal {
  return "ok" in outcome;
}

function isRequestRefusal(code: Refusal["code"]): code is RequestRefusal {
  return code !== "invalid_series" && !BUFFER_REFUSALS.some((known) => known === code);
}
