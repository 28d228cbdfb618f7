import { type ServiceProcess, spawnService } from "../support/service.ts";
import { CONNECTIONS, type Contestant, type ContestantOptions } from "./contestant.ts";
import { processTree } from "./process-tree.ts";
import { profileArgs } from "./profile-args.ts";
import { REMOTE_WRITE_HEADERS, sendAll } from "./send.ts";

const KEY = "self-key-of-the-bench";

/** Who writes. */
export const FLUX_HEADERS = { key: KEY, "x-tenant-id": "bench", "x-server-id": "1" };

export interface FluxContestant extends Contestant {
  readonly flux: ServiceProcess;
  readonly writeUrl: string;
}

/** Flux, writing to a Redis. Its work on a request is done when it answers. */
export async function startFluxContestant(
  redisUrl: string,
  { settings = {}, headers = {}, profileFolder }: ContestantOptions = {},
): Promise<FluxContestant> {
  const own = { REDIS_URL: redisUrl, FLUX_SELF_API_KEY: KEY, LOG_LEVEL: "warn" };
  const flux = await spawnService("flux", { ...own, ...settings }, { nodeArgs: profileArgs(profileFolder) });
  const writeUrl = `${flux.intakeUrl}/prometheus/write`;
  return {
    name: "Flux",
    flux,
    writeUrl,
    processes: () => ({ Flux: processTree(flux.pid) }),
    take: (bodies) => sendAll(writeUrl, { ...REMOTE_WRITE_HEADERS, ...FLUX_HEADERS, ...headers }, bodies, CONNECTIONS),
    stop: () => flux.stop(),
  };
}
