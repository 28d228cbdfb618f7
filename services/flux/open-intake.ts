import type { Server } from "node:http";
import { Server as SecureServer } from "node:https";
import type { Registry } from "prom-client";
import type { Settings } from "../../settings/schema.ts";
import type { Lifecycle } from "../shared/lifecycle.ts";
import { listenProblem } from "../shared/listen-problem.ts";
import type { Logger } from "../shared/logger.ts";
import { buildApp } from "./app.ts";
import type { Flux } from "./handle-write.ts";
import type { Certificate } from "./http/certificate.ts";
import type { CertificateFiles } from "./http/certificate-files.ts";
import { closeIntake } from "./http/close-intake.ts";
import { Connections } from "./http/connections.ts";
import { Exchanges } from "./http/exchanges.ts";
import { serverLimits } from "./http/intake-server.ts";
import { MemoryBudget } from "./http/memory-budget.ts";
import { addTransportMetrics } from "./transport-metrics.ts";

/** Which of how many workers a process is. */
export interface WorkerPlace {
  /** From 1. */
  readonly worker: number;
  readonly workers: number;
}

const CERTIFICATE_CHECK_MS = 2000;

export interface IntakeParts {
  readonly flux: Flux;
  readonly settings: Settings;
  /** Where several workers share the port, and the bounds of what it takes. */
  readonly place: WorkerPlace | undefined;
  /** Without them, the intake speaks plain HTTP. */
  readonly certificateFiles: CertificateFiles | undefined;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly lifecycle: Pick<Lifecycle, "signal" | "onStop">;
}

/**
 * Opens the port that senders write to, and registers its end.
 * @throws Error with one sentence that names the address when it cannot listen there.
 */
export async function openIntake(parts: IntakeParts): Promise<void> {
  const { flux, settings, place, certificateFiles, registry, logger, lifecycle } = parts;
  const memory = openMemory(flux, place);
  const exchanges = new Exchanges(memory);
  const limits = serverLimits(settings);
  const connections = place ? new Connections(shareOf(limits.maxConnections, place)) : new Connections();
  const app = buildApp(flux, {
    // A listener that workers share would hand a connection round and round until one of them has room.
    limits: place ? { ...limits, maxConnections: 0 } : limits,
    certificate: certificateFiles?.certificate,
    logger,
    exchanges,
    isStopping: () => lifecycle.signal.aborted,
  });
  app.server.on("connection", (socket) => {
    if (!connections.add(socket)) {
      app.server.emit("drop");
    }
  });
  addTransportMetrics(registry, { memory, exchanges, connections, server: app.server, certificateFiles });
  const { FLUX_HOST: host, FLUX_PORT: port } = settings;
  await app.listen({ host, port }).catch((error: unknown) => {
    throw new Error(`${listenProblem(error, host, port).message}; set FLUX_PORT to another one`, { cause: error });
  });
  // Half of the time: what arrives last has the other half to be stored.
  const patienceMs = settings.FLUX_SHUTDOWN_TIMEOUT_MS / 2;
  lifecycle.onStop("intake", () => closeIntake(app, { exchanges, connections }, patienceMs));
  if (certificateFiles) {
    keepCertificateFresh(certificateFiles, app.server, parts);
  }
  logger.info({ addresses: app.addresses(), tls: certificateFiles !== undefined }, "Flux is ready");
}

function openMemory(flux: Flux, place: WorkerPlace | undefined): MemoryBudget {
  const all = () => flux.policy().maxInFlightBytes;
  return place
    ? new MemoryBudget(() => Math.floor(all() / place.workers), "FLUX_MAX_IN_FLIGHT_BYTES, divided by FLUX_WORKERS")
    : new MemoryBudget(all);
}

/** What falls to a worker of connections to all of them. The shares add up; 0 is no limit. */
function shareOf(maxConnections: number, { worker, workers }: WorkerPlace): number {
  const rest = maxConnections % workers;
  return maxConnections === 0
    ? Number.POSITIVE_INFINITY
    : Math.floor(maxConnections / workers) + (worker <= rest ? 1 : 0);
}

/** Takes up a certificate that is put in the place of the old one. Connections that are open keep what they have. */
function keepCertificateFresh(files: CertificateFiles, server: Server, { logger, lifecycle }: IntakeParts): void {
  const describe = ({ expiresAtMs }: Certificate) => ({ expires: new Date(expiresAtMs).toISOString() });
  const warnIfExpired = (certificate: Certificate) => {
    if (certificate.expiresAtMs < Date.now()) {
      logger.warn(describe(certificate), "The certificate of the intake has expired; senders will not trust it");
    }
  };
  files.onChange((certificate) => {
    if (server instanceof SecureServer) {
      server.setSecureContext(certificate.options);
      logger.info(describe(certificate), "The certificate of the intake was replaced");
      warnIfExpired(certificate);
    }
  });
  warnIfExpired(files.certificate);
  const endWatch = files.watch(CERTIFICATE_CHECK_MS, (problem) =>
    logger.error({ problem }, "The certificate's files cannot be used; the old certificate stays"),
  );
  lifecycle.onStop("certificate watch", endWatch);
}
