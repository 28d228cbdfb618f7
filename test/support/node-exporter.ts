import { pickFreePort } from "../../services/local/ports.ts";
import { nodeExporterArguments } from "../../services/local/server-arguments.ts";
import { checkHttp } from "../../services/local/supervise/readiness.ts";
import { part } from "./parts.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";

/** A real node_exporter. */
export interface NodeExporter extends ServerProcess {
  readonly url: string;
  readonly port: number;
  /** host:port, as a scrape target. */
  readonly target: string;
}

/** Starts a node_exporter on a free port. */
export async function startNodeExporter(): Promise<NodeExporter> {
  const { program } = await part("node-exporter");
  const port = await pickFreePort("127.0.0.1");
  const url = `http://127.0.0.1:${port}`;
  const server = await startServerProcess({
    name: "node_exporter",
    program,
    args: nodeExporterArguments(port),
    notReady: () => checkHttp(url),
  });
  return Object.assign(server, { url, port, target: `127.0.0.1:${port}` });
}
