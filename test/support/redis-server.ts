import { join } from "node:path";
import { pickFreePort } from "../../services/local/ports.ts";
import { redisArguments } from "../../services/local/server-arguments.ts";
import { checkRedis } from "../../services/local/supervise/readiness.ts";
import { redisSocketUrl } from "../../services/shared/redis-address.ts";
import { part } from "./parts.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { folderFor } from "./temp-folder.ts";

/** A real Redis with the time series module, run as `npm start` runs it. */
export interface RedisServer extends ServerProcess {
  readonly url: string;
  /** The same server by its socket. */
  readonly socketUrl: string;
  readonly port: number;
  /** Where its data lies. Removed on `stop` unless the test named it. */
  readonly dir: string;
}

export interface RedisServerOptions {
  readonly port?: number;
  readonly dir?: string;
  /** Further arguments; later ones win over those of `npm start`. */
  readonly args?: readonly string[];
}

/** Starts a Redis on a free port with an empty data folder. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { program, timeSeriesModule } = await part("redis");
  const port = options.port ?? (await pickFreePort("127.0.0.1"));
  const folder = folderFor(options.dir);
  const socket = join(folder.path, "redis.sock");
  const server = await startServerProcess({
    name: "Redis",
    program,
    args: [...redisArguments({ port, dir: folder.path, timeSeriesModule, socket }), ...(options.args ?? [])],
    notReady: () => checkRedis("127.0.0.1", port),
    cleanUp: folder.remove,
  });
  const urls = { url: `redis://127.0.0.1:${port}`, socketUrl: redisSocketUrl(socket) };
  return Object.assign(server, { ...urls, port, dir: folder.path });
}
