import type { Payload } from "../formats/payload.ts";
import type { Answer } from "../http/answer.ts";
import type { InfluxTerms } from "../influx-terms.ts";
import type { Intake } from "../intake/intake.ts";
import type { Refusal } from "../reasons.ts";
import type { WriteRequest } from "../write-request.ts";

/** Bounds that reading a body keeps. */
export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly maxUncompressedBytes: number;
}

/** A body that was read. */
export interface DecodedBody {
  readonly payload: Payload;
  /**
   * The answer once all good samples are in Redis.
   * @param intake what became of the payload's series. @param owner whose they are now.
   */
  answerStored(intake: Intake, owner: { readonly tenant: string; readonly server: string }): Answer;
}

/** What of a sender's terms reading a body depends on. */
export interface ReadingTerms {
  readonly influx: InfluxTerms;
}

/** What reading a body depends on beside its bytes. */
export interface ReadingBounds {
  /** For samples without a time. */
  readonly nowMs: number;
  readonly maxUncompressedBytes: number;
}

/** Reads what `expand` gave. Parts that cannot be read are in the payload. */
export type Decode = (bytes: Buffer, bounds: ReadingBounds) => { ok: true; decoded: DecodedBody } | Refusal;

/**
 * One way to send samples: what differs between remote-write, JSON and line protocol in the path of a request. All
 * else, identity, rules, limits, storing and counting, is the same for every dialect (`handle-write.ts`).
 */
export interface Dialect {
  /**
   * Gives a request the headers that identity and rules are read from (`key`, `x-tenant-id`, …), wherever the dialect
   * has them.
   */
  introduce(request: WriteRequest, limits: BodyLimits): Promise<{ ok: true; request: WriteRequest } | Refusal>;
  /** What is to read the body, once it is expanded; or why the dialect reads no such body, from the headers alone. */
  decoderFor(request: WriteRequest, terms: ReadingTerms): { ok: true; decode: Decode } | Refusal;
  /**
   * The body as `decode` wants it: expanded, unless that is part of decoding. Memory for the expanded bytes is taken
   * from the request's.
   */
  expand(body: Buffer, request: WriteRequest, maxBytes: number): Promise<{ ok: true; bytes: Buffer } | Refusal>;
  /** The answer to a request of which nothing is stored. */
  answerRefused(refusal: Refusal, retryAfterSeconds: number): Answer;
}
