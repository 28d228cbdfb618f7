import type { Server } from "node:http";
import { type Aggregator, Counter, Gauge, type Registry } from "prom-client";
import type { CertificateFiles } from "./http/certificate-files.ts";
import type { Connections } from "./http/connections.ts";
import type { Exchanges } from "./http/exchanges.ts";
import type { MemoryBudget } from "./http/memory-budget.ts";

/** What the gauges look at, at every scrape. */
export interface TransportParts {
  readonly memory: Pick<MemoryBudget, "usedBytes">;
  readonly exchanges: Pick<Exchanges, "size">;
  readonly connections: Pick<Connections, "size">;
  readonly server: Server;
  readonly certificateFiles: Pick<CertificateFiles, "certificate"> | undefined;
}

/** Adds the metrics of the intake's listener to a registry. */
export function addTransportMetrics(
  registry: Registry,
  { memory, exchanges, connections, server, certificateFiles }: TransportParts,
): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number, aggregator: Aggregator = "sum") =>
    new Gauge({
      name,
      help,
      registers,
      aggregator,
      collect() {
        this.set(read());
      },
    });
  gauge("flux_in_flight_requests", "Requests that are not answered entirely.", () => exchanges.size);
  gauge(
    "flux_in_flight_bytes",
    "Memory that the bodies of requests hold, raw, expanded and decoded.",
    () => memory.usedBytes,
  );
  gauge("flux_open_connections", "Connections to the intake.", () => connections.size);
  const dropped = new Counter({
    name: "flux_connections_dropped_total",
    help: "Connections refused because there were FLUX_MAX_CONNECTIONS.",
    registers,
  });
  server.on("drop", () => dropped.inc());
  if (certificateFiles) {
    gauge(
      "flux_tls_certificate_expiry_timestamp_seconds",
      "When the certificate of the intake expires, or another one of its chain before it.",
      () => certificateFiles.certificate.expiresAtMs / 1000,
      "min",
    );
    const failed = new Counter({
      name: "flux_tls_handshake_errors_total",
      help: "Connections that did not come to speak TLS, or whose client showed no certificate that is trusted.",
      registers,
    });
    server.on("tlsClientError", () => failed.inc());
  }
}
