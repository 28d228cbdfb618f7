import type { FastifyInstance } from "fastify";
import type { Connections } from "./connections.ts";
import type { Exchanges } from "./exchanges.ts";

/**
 * Ends the intake in good order: connections without a request are closed at once, requests under way get their real
 * answer, and then nothing is accepted any more. New requests meanwhile must be sent away by their route, with an
 * answer after which their connection is closed; the last of these answers are waited for too.
 * @param patienceMs how long bodies may go on arriving.
 */
export async function closeIntake(
  app: FastifyInstance,
  { exchanges, connections }: { readonly exchanges: Exchanges; readonly connections: Connections },
  patienceMs: number,
): Promise<void> {
  app.server.closeIdleConnections();
  const detail = "this process is stopping, and the body took too long to arrive; send again";
  const refusal = { ok: false, code: "shutting_down", detail } as const;
  await exchanges.drain(patienceMs, refusal);
  app.server.close();
  await exchanges.drain(0, refusal);
  connections.end();
  await app.close();
}
