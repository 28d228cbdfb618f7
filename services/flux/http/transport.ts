import type { Exchange, Exchanges } from "./exchanges.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Begun before anything else is done about the request. */
    exchange: Exchange;
  }
}

/** What routes need beside what they are for. */
export interface Transport {
  readonly exchanges: Exchanges;
  /** Whether the process is shutting down; from then on new requests are sent away, and connections are closed. */
  readonly isStopping: () => boolean;
}
