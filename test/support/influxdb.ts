import process from "node:process";
import { z } from "zod";
import { pickFreePort } from "../../services/local/ports.ts";
import { checkHttp } from "../../services/local/supervise/readiness.ts";
import { httpText } from "./http-text.ts";
import { part } from "./parts.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { createTempFolder } from "./temp-folder.ts";

/** A value of a field that an InfluxDB holds. */
export interface InfluxDbSample {
  readonly measurement: string;
  /** Those with a value. */
  readonly tags: Readonly<Record<string, string>>;
  readonly field: string;
  readonly value: number | string | boolean;
  readonly timestampNs: bigint;
}

/** A real InfluxDB 1.x. */
export interface InfluxDb extends ServerProcess {
  readonly url: string;
  createDatabase(name: string): Promise<void>;
  /** Everything that a database holds. */
  readAll(database: string): Promise<InfluxDbSample[]>;
}

/** Starts an InfluxDB on free ports with an empty data folder. */
export async function startInfluxDb(): Promise<InfluxDb> {
  const { program } = await part("influxdb");
  const port = await pickFreePort("127.0.0.1");
  const backupPort = await pickFreePort("127.0.0.1", [port]);
  const folder = createTempFolder();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServerProcess({
    name: "InfluxDB",
    program,
    args: ["run", "-config", "/dev/null"],
    env: {
      ...process.env,
      INFLUXDB_REPORTING_DISABLED: "true",
      INFLUXDB_BIND_ADDRESS: `127.0.0.1:${backupPort}`,
      INFLUXDB_META_DIR: `${folder.path}/meta`,
      INFLUXDB_DATA_DIR: `${folder.path}/data`,
      INFLUXDB_DATA_WAL_DIR: `${folder.path}/wal`,
      INFLUXDB_HTTP_BIND_ADDRESS: `127.0.0.1:${port}`,
      INFLUXDB_HTTP_LOG_ENABLED: "false",
      INFLUXDB_MONITOR_STORE_ENABLED: "false",
    },
    notReady: () => checkHttp(`${url}/ping`),
    cleanUp: folder.remove,
  });
  const query = (q: string, db: string) => httpText(`${url}/query`, { q, db });
  return Object.assign(server, {
    url,
    createDatabase: async (name: string) => {
      await query(`CREATE DATABASE "${name}"`, "");
    },
    readAll: async (database: string) => {
      const [measurements] = readResults(await query("SHOW MEASUREMENTS", database));
      // One by one: of fields that have the same name and different types, a query over all would give only some.
      const statements = (measurements?.[0]?.values ?? []).map(([name]) => `SELECT * FROM ${quote(name)} GROUP BY *`);
      const results = statements.length === 0 ? [] : readResults(await query(statements.join(";"), database));
      return results.flat().flatMap(samplesOf);
    },
  });
}

/** A name in InfluxQL. */
function quote(name: unknown): string {
  return `"${String(name).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

const series = z.object({
  name: z.string(),
  tags: z.record(z.string(), z.string()).optional(),
  columns: z.array(z.string()),
  values: z.array(z.array(z.union([z.number(), z.string(), z.boolean(), z.null()]))),
});
const queryResult = z.object({ results: z.array(z.object({ series: z.array(series).optional() })) });

type InfluxDbSeries = z.infer<typeof series>;

/** The series of each statement. */
function readResults(text: string): InfluxDbSeries[][] {
  return queryResult.parse(JSON.parse(text)).results.map((result) => result.series ?? []);
}

function samplesOf({ name, tags = {}, columns, values }: InfluxDbSeries): InfluxDbSample[] {
  const ownTags = Object.fromEntries(Object.entries(tags).filter(([, tag]) => tag !== ""));
  return values.flatMap(([time, ...row]) => {
    const timestampNs = toNanoseconds(String(time));
    return row.flatMap((value, i) =>
      value === null ? [] : [{ measurement: name, tags: ownTags, field: columns[i + 1] ?? "", value, timestampNs }],
    );
  });
}

/** As numbers in JSON, nanoseconds would lose their last digits; so they are asked for as `2024-11-21T00:00:00.000000001Z`. */
function toNanoseconds(time: string): bigint {
  const [, seconds = "", fraction = ""] = /^([^.Z]+)(?:\.(\d+))?Z$/.exec(time) ?? [];
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}
