import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Refusal, RequestRefusal } from "../reasons.ts";
import { type Answer, refusalAnswer } from "./answer.ts";
import type { Exchanges } from "./exchanges.ts";
import { LINGER_MS } from "./send-answer.ts";

/** An error that node's HTTP server has with a connection. */
type ClientError = Error & { readonly code?: string };

export interface ClientErrorOptions {
  readonly exchanges: Pick<Exchanges, "latestOn">;
  /** Told of a request that was refused before it had a route. */
  readonly onRefusal: (reason: RequestRefusal) => void;
  readonly retryAfterSeconds: () => number;
}

/**
 * What is done about connections that break HTTP's rules or are too slow. Where a request waits for its body, its own
 * route answers it; otherwise there is no request yet, and the answer is written here.
 */
export function answerClientErrors({ exchanges, onRefusal, retryAfterSeconds }: ClientErrorOptions) {
  return (error: ClientError, socket: Socket): void => {
    if (socket.destroyed || socket.writableEnded || error.code === "ECONNRESET") {
      return;
    }
    const refusal = refusalOf(error);
    const exchange = exchanges.latestOn(socket);
    const isBetweenRequests = !exchange || (exchange.request.complete && exchange.response.writableFinished);
    if (exchange && !exchange.request.complete && !exchange.response.headersSent) {
      exchange.body.cut(refusal);
    } else if (!socket.writable || socket.bytesRead === 0 || !isBetweenRequests) {
      // Nobody is there, nobody asked, or what was written now would be taken for another request's answer.
      socket.destroy();
    } else {
      onRefusal(refusal.code);
      // Not closed at once: the answer would be lost on a sender that is still sending.
      socket.end(answerText(refusalAnswer(refusal, retryAfterSeconds())));
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    }
  };
}

function refusalOf({ code, message }: ClientError): Refusal & { readonly code: RequestRefusal } {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return {
        ok: false,
        code: "request_timeout",
        detail: "the request took too long to arrive (FLUX_HEADERS_TIMEOUT_MS, FLUX_REQUEST_TIMEOUT_MS)",
      };
    case "HPE_HEADER_OVERFLOW":
      return { ok: false, code: "headers_too_large", detail: "the headers have more than 16 KiB" };
    case "HPE_INVALID_EOF_STATE":
      return { ok: false, code: "body_incomplete", detail: "the request ended before it was whole" };
    default:
      return { ok: false, code: "malformed_http", detail: message };
  }
}

function answerText({ status, headers, body = "" }: Answer): string {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "connection: close",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
