import type { Logger } from "../../shared/logger.ts";
import type { SinkName } from "../claim-state.ts";
import { RetryableError } from "../retryable-error.ts";
import type { SendOutcome } from "../sinks/victoria/bisect.ts";
import { cutFamilies, encodeMetadataBody, type FamilyMetadata } from "../sinks/victoria/metadata-body.ts";
import type { ForwardedMetadata, MetadataCounters } from "./metadata-counters.ts";
import type { ServerMetadata, StoredMetadata } from "./stored-metadata.ts";

/** When a store gets again what it has: VictoriaMetrics forgets metadata after an hour, and when it is restarted. */
const RESEND_MS = 10 * 60_000;
/** When a store is asked again that has refused. */
const REFUSED_MS = 3_600_000;
/** What a request may hold. Prometheus sends up to 2000 families at a time. */
const LIMITS = { maxFamilies: 2000, maxBytes: 1024 * 1024 };

/** A store that metadata is sent to. */
export interface MetadataReceiver {
  readonly name: SinkName;
  /** Posts a body once. @throws RetryableError when the store takes nothing now. */
  offer(tenant: string, body: Buffer, signal: AbortSignal): Promise<SendOutcome>;
}

export interface MetadataForwarderOptions {
  readonly receiver: MetadataReceiver;
  readonly source: Pick<StoredMetadata, "servers" | "familiesOf">;
  readonly counters: MetadataCounters;
  readonly logger: Pick<Logger, "warn" | "error">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a store was last sent of a server, and when it is due again although nothing changes. */
interface Sent {
  readonly version: string;
  readonly dueMs: number;
}

/**
 * Sends metadata on to one store, beside the work on samples, which never waits for it: a server's whenever it has
 * changed, and from time to time because stores forget. What the store refuses is not offered again until it has changed
 * or an hour has passed. What has been sent is remembered in memory alone: sending it again does no harm.
 */
export class MetadataForwarder {
  readonly #options: MetadataForwarderOptions;
  readonly #stopping = new AbortController();
  /** By tenant and server, which have no slash in their names. */
  #sent = new Map<string, Sent>();
  #running: Promise<void> | undefined;

  constructor(options: MetadataForwarderOptions) {
    this.#options = options;
  }

  /** The store's. */
  get name(): SinkName {
    return this.#options.receiver.name;
  }

  /** Begins to send what is due, unless that is still going on from the last time. What fails is due the next time. */
  begin(): void {
    if (!this.#stopping.signal.aborted) {
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined;
      });
    }
  }

  /** Returns when nothing is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Leaves what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("stopping: metadata is sent on after the next start"));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { receiver, source, counters, logger } = this.#options;
    const { signal } = this.#stopping;
    const sink = receiver.name;
    try {
      const servers = await source.servers();
      this.#forgetOthers(servers);
      const { refused, said } = await this.#forwardDue(servers, signal);
      if (refused > 0) {
        logger.warn({ sink, families: refused, said }, "A store refuses metadata; its samples are not touched by it");
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      counters.countFailure(sink);
      if (error instanceof RetryableError) {
        logger.warn({ sink, err: error }, "A store takes no metadata now; it is sent after the next cycle");
      } else {
        logger.error({ sink, err: error }, "Metadata could not be sent on; it is tried after the next cycle");
      }
    }
  }

  #forgetOthers(servers: readonly ServerMetadata[]): void {
    const known = servers.flatMap((server): [string, Sent][] => {
      const sent = this.#sent.get(nameOf(server));
      return sent ? [[nameOf(server), sent]] : [];
    });
    this.#sent = new Map(known);
  }

  /** @returns how many families the store refused, and the last of its words. */
  async #forwardDue(
    servers: readonly ServerMetadata[],
    signal: AbortSignal,
  ): Promise<{ refused: number; said: string }> {
    let refused = 0;
    let said = "";
    for (const server of servers) {
      const nowMs = this.#options.now();
      const sent = this.#sent.get(nameOf(server));
      if (sent?.version === server.version && nowMs < sent.dueMs) {
        continue;
      }
      const outcome = await this.#send(server, signal);
      const dueMs = nowMs + (outcome.refused > 0 ? REFUSED_MS : RESEND_MS);
      this.#sent.set(nameOf(server), { version: server.version, dueMs });
      refused += outcome.refused;
      said = outcome.said || said;
    }
    return { refused, said };
  }

  async #send(server: ServerMetadata, signal: AbortSignal): Promise<ForwardedMetadata & { readonly said: string }> {
    const { receiver, source, counters } = this.#options;
    const { families, unreadable } = await source.familiesOf(server);
    let forwarded = { sent: 0, refused: 0, unreadable };
    let said = "";
    try {
      for (const batch of cutFamilies(families, LIMITS)) {
        signal.throwIfAborted();
        const outcome = await this.#offer(server.tenant, batch, signal);
        said = outcome.ok ? said : `${outcome.status} ${outcome.words}`.trim();
        forwarded = outcome.ok
          ? { ...forwarded, sent: forwarded.sent + batch.length }
          : { ...forwarded, refused: forwarded.refused + batch.length };
      }
    } finally {
      counters.countForwarded(receiver.name, server.tenant, forwarded);
    }
    return { ...forwarded, said };
  }

  #offer(tenant: string, families: readonly FamilyMetadata[], signal: AbortSignal): Promise<SendOutcome> {
    return this.#options.receiver.offer(tenant, encodeMetadataBody(families), signal);
  }
}

function nameOf({ tenant, server }: ServerMetadata): string {
  return `${tenant}/${server}`;
}
