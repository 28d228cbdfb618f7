import type { FastifyInstance } from "fastify";
import type { Connections } from "./connections.ts";
import type { Exchanges } from "./exchanges.ts";

/**
 * Ends the intake in good order: connections without a request are closed at once, requests under way get their real
 * answer, and then nothing is accepted any more. New requests meanwhile must be sent away by their route.
 * @param patienceMs how long bodies may go on arriving.
 */
export async function closeIntake(
  app: FastifyInstance,
  { exchanges, connections }: { readonly exchanges: Exchanges; readonly connections: Connections },
  patienceMs: number,
): Promise<void> {
  app.server.closeIdleConnections();
  const detail = "this process is stopping, and the body took too long to arrive; send again";
  await exchanges.drain(patienceMs, { ok: false, code: "shutting_down", detail });
  connections.end();
  await app.close();
}
