import { decodedBytes } from "./decoded-bytes.ts";
import type { Decode, Dialect } from "./dialects/dialect.ts";
import type { FluxMetrics } from "./metrics.ts";
import type { Terms } from "./policy.ts";
import type { Pass } from "./traffic-gate.ts";
import type { WriteRequest } from "./write-request.ts";

/** The body, decoded: checks in the order of DESIGN 5.1, each before the work that the next one needs. */
export async function receiveBody(
  { metrics, now }: { readonly metrics: Pick<FluxMetrics, "countBody">; readonly now: () => number },
  dialect: Dialect,
  { request, terms, pass }: { readonly request: WriteRequest; readonly terms: Terms; readonly pass: Pass },
): Promise<ReturnType<Decode>> {
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
  const rawBytes = request.memory.heldBytes;
  const expanded = await dialect.expand(received.body, request, maxUncompressedBytes);
  const expandedBytes = request.memory.heldBytes - rawBytes;
  const decoded = expanded.ok ? decoder.decode(expanded.bytes, now()) : expanded;
  const room = decoded.ok ? request.memory.take(decodedBytes(decoded.decoded.payload.request)) : decoded;
  request.memory.give(expandedBytes);
  return room.ok ? decoded : room;
}
