import { pickFreePort } from "../../services/local/ports.ts";
import { checkHttp } from "../../services/local/supervise/readiness.ts";
import { part } from "./parts.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { createTempFolder } from "./temp-folder.ts";

/** A real vmagent. */
export interface Vmagent extends ServerProcess {
  readonly url: string;
}

/**
 * Starts a vmagent on a free port with an empty queue.
 * @param remoteWriteUrl where it sends to. @param args further flags.
 */
export async function startVmagent(remoteWriteUrl: string, args: readonly string[] = []): Promise<Vmagent> {
  const { program } = await part("vmagent");
  const folder = createTempFolder();
  const port = await pickFreePort("127.0.0.1");
  const url = `http://127.0.0.1:${port}`;
  const server = await startServerProcess({
    name: "vmagent",
    program,
    args: [
      `-httpListenAddr=127.0.0.1:${port}`,
      `-remoteWrite.url=${remoteWriteUrl}`,
      `-remoteWrite.tmpDataPath=${folder.path}`,
      ...args,
    ],
    notReady: () => checkHttp(`${url}/health`),
    cleanUp: folder.remove,
  });
  return Object.assign(server, { url });
}
