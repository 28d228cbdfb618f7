import { pickFreePort } from "../../services/local/ports.ts";
import { victoriaMetricsArguments } from "../../services/local/server-arguments.ts";
import { checkHttp } from "../../services/local/supervise/readiness.ts";
import { httpText } from "./http-text.ts";
import { part } from "./parts.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { folderFor } from "./temp-folder.ts";

/** One series as a store gives it back, samples in the order of time. */
export interface StoredSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly StoredSample[];
}

export interface StoredSample {
  readonly timestampMs: number;
  readonly value: number;
}

/** A real VictoriaMetrics, run as `npm start` runs it. */
export interface VictoriaMetrics extends ServerProcess {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** Makes what was just written visible. */
  forceFlush(): Promise<void>;
  /** Every raw sample of the series that a selector matches (default: all of them), just written ones included. */
  exportAll(match?: string): Promise<StoredSeries[]>;
}

export interface VictoriaMetricsOptions {
  readonly port?: number;
  readonly dir?: string;
  /** Further flags; later ones win. */
  readonly args?: readonly string[];
}

/** Seconds since 1970. Without them an export leaves out what is old, and what came in this very second. */
const ALL_TIMES = { start: "0", end: "9999999999" };

/** Starts a VictoriaMetrics on a free port with an empty data folder. It keeps samples of any age. */
export async function startVictoriaMetrics(options: VictoriaMetricsOptions = {}): Promise<VictoriaMetrics> {
  const { program } = await part("victoria-metrics");
  const port = options.port ?? (await pickFreePort("127.0.0.1"));
  const folder = folderFor(options.dir);
  const url = `http://127.0.0.1:${port}`;
  const run = { port, dir: folder.path, retention: "100y", maxLabels: 0, maxLabelValueBytes: 0 };
  const server = await startServerProcess({
    name: "VictoriaMetrics",
    program,
    args: [...victoriaMetricsArguments(run), "-search.latencyOffset=0s", ...(options.args ?? [])],
    notReady: () => checkHttp(`${url}/health`),
    cleanUp: folder.remove,
  });
  const forceFlush = async () => {
    await httpText(`${url}/internal/force_flush`);
  };
  return Object.assign(server, {
    url,
    port,
    dir: folder.path,
    forceFlush,
    exportAll: async (match = '{__name__!=""}') => {
      await forceFlush();
      const text = await httpText(`${url}/api/v1/export`, { "match[]": match, ...ALL_TIMES });
      return text.split("\n").filter(Boolean).map(parseExportLine);
    },
  });
}

/**
 * Reads one line of an export. It is not always JSON: values that JSON lacks stand there bare (`NaN`, `+Inf`, in other
 * versions `Infinity`, `"Infinity"` or `null` for NaN).
 */
export function parseExportLine(line: string): StoredSeries {
  // Inside a JSON string the quotes would be escaped, so that this can only be the key itself.
  const [metric = "", rest = ""] = line.split(',"values":[');
  const [values = "", timestamps = ""] = rest.split('],"timestamps":[');
  const labels: Record<string, string> = JSON.parse(`${metric}}`).metric;
  const times = timestamps.replace(/\]\}\s*$/, "").split(",");
  const samples = values
    .split(",")
    .map((text, index) => ({ timestampMs: Number(times[index]), value: toNumber(text) }));
  return { labels, samples };
}

function toNumber(text: string): number {
  const bare = text.replaceAll('"', "");
  if (bare === "null") {
    return Number.NaN;
  }
  return Number(bare.replace(/Inf$/, "Infinity"));
}
