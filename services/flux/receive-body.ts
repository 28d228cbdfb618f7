import { decodedBytes } from "./decoded-bytes.ts";
import type { Decode, Dialect } from "./dialects/dialect.ts";
import type { FluxMetrics } from "./metrics.ts";
import type { Terms } from "./policy.ts";
import type { Refusal } from "./reasons.ts";
import type { Pass } from "./traffic-gate.ts";
import type { WriteRequest } from "./write-request.ts";

/** A body that is there. */
export interface ReceivedBody {
  readonly ok: true;
  /**
   * Reads it, once. What it gives has to be worked on before anything else is awaited: the codec may hold labels of one
   * request at a time.
   */
  decode(): ReturnType<Decode>;
}

/** Waits for the body: checks in the order of DESIGN 5.1, each before the work that the next one needs. */
export async function receiveBody(
  { metrics, now }: { readonly metrics: Pick<FluxMetrics, "countBody">; readonly now: () => number },
  dialect: Dialect,
  { request, terms, pass }: { readonly request: WriteRequest; readonly terms: Terms; readonly pass: Pass },
): Promise<ReceivedBody | Refusal> {
  const { maxBodyBytes, maxUncompressedBytes } = terms.limits;
  const decoder = dialect.decoderFor(request, terms);
  if (!decoder.ok) {
    return decoder;
  }
  const received = await request.body.read(maxBodyBytes);
  if (!received.ok) {
    return received;
  }
  metrics.countBody(received.body.length);
  pass.charge("bytes", received.body.length);
  const { memory } = request;
  const rawBytes = memory.heldBytes;
  const expanded = await dialect.expand(received.body, request, maxUncompressedBytes);
  const expandedBytes = memory.heldBytes - rawBytes;
  if (!expanded.ok) {
    memory.give(expandedBytes);
    return expanded;
  }
  const decode = () => {
    const decoded = decoder.decode(expanded.bytes, { nowMs: now(), maxUncompressedBytes });
    const room = decoded.ok ? memory.take(decodedBytes(decoded.decoded.payload.request)) : decoded;
    memory.give(expandedBytes);
    return room.ok ? decoded : room;
  };
  return { ok: true, decode };
}
