import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type { FastifyReply } from "fastify";
import type { Answer } from "./answer.ts";
import type { Exchange } from "./exchanges.ts";

const JSON_TYPE = "application/json; charset=utf-8";

/** A body of which no more is unread is read and thrown away: that is cheaper than another connection. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

/** How long a connection that is to be closed goes on taking what its sender is still sending. */
export const LINGER_MS = 2000;

/**
 * Sends an answer, and sees to the connection. It carries the next request, unless `mustClose`, or much of the body is
 * unread, or the body was given up. Before it is closed in the midst of a body, what comes is thrown away for a while:
 * a sender that writes into a closed connection may never see the answer, and repeat what is refused for good.
 */
export function sendAnswer(
  reply: FastifyReply,
  exchange: Exchange,
  { status, headers, body }: Answer,
  { contentType = JSON_TYPE, mustClose }: { contentType?: string; mustClose: boolean },
): FastifyReply {
  const { unreadBytes, isCut } = exchange.body;
  const isClosed = mustClose || isCut || unreadBytes > MAX_DISCARDED_BYTES;
  const mustLinger = isClosed && !isCut && unreadBytes > 0 && body !== undefined;
  reply.code(status);
  if (body !== undefined) {
    reply.header("content-type", contentType);
  }
  reply.headers(headers);
  if (isClosed) {
    reply.header("connection", "close");
  }
  exchange.body.discard();
  if (body === undefined) {
    return reply.send();
  }
  const bytes = Buffer.from(body);
  return mustLinger
    ? reply.header("content-length", bytes.length).send(Readable.from(thenLinger(bytes, exchange)))
    : reply.send(bytes);
}

/** The answer, which is complete for the sender as soon as it has its bytes; it ends here only when the body has. */
async function* thenLinger(bytes: Buffer, { request }: Exchange): AsyncGenerator<Buffer> {
  yield bytes;
  // A sender that is gone, or that does not come to an end in time, ends the waiting as well.
  await finished(request, { writable: false, signal: AbortSignal.timeout(LINGER_MS) }).catch(() => undefined);
}
