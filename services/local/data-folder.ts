import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join, resolve } from "node:path";
import { LocalProblem } from "./local-problem.ts";

/** Systems have room for 104 or 108, with a zero at the end. */
const MAX_SOCKET_PATH_BYTES = 103;

/** Where each thing in DATA_DIR lies. All paths are absolute. */
export interface DataFolder {
  readonly root: string;
  readonly redis: string;
  /** Undefined where its path would be longer than a socket's may be. */
  readonly redisSocket: string | undefined;
  readonly victoriaMetrics: string;
  readonly demo: string;
  readonly logs: string;
  readonly selfKeyFile: string;
}

/**
 * Creates the data folder where it is missing, and makes sure that it can be written to.
 * @throws LocalProblem that names DATA_DIR when it cannot.
 */
export function prepareDataFolder(dataDir: string): DataFolder {
  const root = resolve(dataDir);
  const folder: DataFolder = {
    root,
    redis: join(root, "redis"),
    redisSocket: socketPath(join(root, "redis", "redis.sock")),
    victoriaMetrics: join(root, "victoria-metrics"),
    demo: join(root, "demo"),
    logs: join(root, "logs"),
    selfKeyFile: join(root, "self-api-key"),
  };
  try {
    for (const path of [folder.redis, folder.victoriaMetrics, folder.demo, folder.logs]) {
      mkdirSync(path, { recursive: true });
      const probe = join(path, `.writable-${process.pid}`);
      writeFileSync(probe, "");
      rmSync(probe);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LocalProblem(
      `cannot write to the data folder ${root}: ${why}: set DATA_DIR to a folder that you may write to`,
    );
  }
  return folder;
}

function socketPath(path: string): string | undefined {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES ? path : undefined;
}

/**
 * Keeps a second system out of a data folder, for as long as this process lives: two Redis servers would spoil each
 * other's files. The lock is a name that Linux frees when its holder is gone, so that it cannot be left behind.
 * @returns what holds the lock.
 * @throws LocalProblem when another process holds it.
 */
export async function lockDataFolder(root: string): Promise<Server | undefined> {
  if (process.platform !== "linux") {
    return undefined;
  }
  const { dev, ino } = statSync(root);
  const lock = createServer();
  await new Promise<void>((done, fail) => {
    lock.once("error", (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === "EADDRINUSE";
      const why = "it is in use by another `npm start`: stop that one, or set DATA_DIR to another folder";
      fail(isTaken ? new LocalProblem(`cannot use the data folder ${root}: ${why}`) : error);
    });
    lock.listen(`\0flux-data-${dev}-${ino}`, done);
  });
  return lock.unref();
}
