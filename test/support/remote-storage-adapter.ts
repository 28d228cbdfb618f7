import process from "node:process";
import { pickFreePort } from "../../services/local/ports.ts";
import { checkHttp } from "../../services/local/supervise/readiness.ts";
import { part } from "./parts.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";

/** A real remote_storage_adapter of the v1 dialect. */
export interface RemoteStorageAdapter extends ServerProcess {
  /** Where Prometheus writes to. */
  readonly writeUrl: string;
  readonly metricsUrl: string;
}

export interface RemoteStorageAdapterOptions {
  /** Where it writes to: what `--influxdb-url` takes. */
  readonly influxUrl: string;
  readonly username: string;
  readonly password: string;
  /** Further flags. */
  readonly args?: readonly string[];
}

/** Starts an adapter on a free port. */
export async function startRemoteStorageAdapter(options: RemoteStorageAdapterOptions): Promise<RemoteStorageAdapter> {
  const { program } = await part("remote-storage-adapter");
  const port = await pickFreePort("127.0.0.1");
  const url = `http://127.0.0.1:${port}`;
  const server = await startServerProcess({
    name: "remote_storage_adapter",
    program,
    args: [
      `--web.listen-address=127.0.0.1:${port}`,
      `--influxdb-url=${options.influxUrl}`,
      `--influxdb.username=${options.username}`,
      ...(options.args ?? []),
    ],
    env: { ...process.env, INFLUXDB_PW: options.password },
    notReady: () => checkHttp(`${url}/metrics`),
  });
  return Object.assign(server, { writeUrl: `${url}/write`, metricsUrl: `${url}/metrics` });
}
