import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Settings } from "../../../settings/schema.ts";
import type { Certificate } from "./certificate.ts";

/** Bounds of a listener against senders that are slow or many. */
export interface ServerLimits {
  /** From the beginning of a request to the end of its headers; never more than `requestTimeoutMs`. */
  readonly headersTimeoutMs: number;
  /** From the beginning of a request to the end of its body. */
  readonly requestTimeoutMs: number;
  /** 0: no limit. */
  readonly maxConnections: number;
}

/** The limits that settings describe. Pure. */
export function serverLimits(settings: Settings): ServerLimits {
  return {
    headersTimeoutMs: settings.FLUX_HEADERS_TIMEOUT_MS,
    requestTimeoutMs: settings.FLUX_REQUEST_TIMEOUT_MS,
    maxConnections: settings.FLUX_MAX_CONNECTIONS,
  };
}

/** Longer than the 5 minutes for which Prometheus keeps an idle connection, so that never the server closes it first. */
const KEEP_ALIVE_TIMEOUT_MS = 310_000;

/**
 * What Node reads of a connection at once. With a lower mark it would stop reading after every piece of a body, to begin
 * again as soon as the body is asked for.
 */
const READ_BYTES = 65_536;

/** A server for the intake, not listening; one that speaks TLS where there is a certificate. */
export function createIntakeServer(
  handler: RequestListener,
  { requestTimeoutMs, headersTimeoutMs, maxConnections }: ServerLimits,
  certificate: Certificate | undefined,
): Server {
  const headersTimeout = Math.min(headersTimeoutMs, requestTimeoutMs);
  const options: ServerOptions = {
    requestTimeout: requestTimeoutMs,
    headersTimeout,
    // How late a timeout may be. Node looks every 30 s otherwise.
    connectionsCheckingInterval: Math.min(1000, Math.ceil(headersTimeout / 4)),
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    highWaterMark: READ_BYTES,
  };
  const server: Server = certificate
    ? createSecureServer({ ...options, ...certificate.options, handshakeTimeout: headersTimeout }, handler)
    : createServer(options, handler);
  if (maxConnections > 0) {
    server.maxConnections = maxConnections;
  }
  return server;
}
