/** What `npm start` can be asked for. */
export interface Arguments {
  readonly help: boolean;
  /** Whether a Prometheus and a node_exporter run along, so that there is something to see. */
  readonly demo: boolean;
}

export const USAGE = `Runs Flux, Horizon, Redis Stack and VictoriaMetrics on this machine.

  npm start                 start everything; Ctrl-C stops it
  npm start -- --demo       also run a Prometheus and a node_exporter that push to it
  npm start -- --help       show this

Settings come from the environment, or from the YAML file that FLUX_SETTINGS names. Those for this command:

  DATA_DIR                  folder for all data, logs and the key (./data)
  FLUX_HOST, FLUX_PORT      where Prometheus writes to (127.0.0.1, 8000)
  FLUX_ADMIN_PORT           Flux's metrics and state (8001)
  HORIZON_ADMIN_PORT        Horizon's metrics and state (8002)
  REDIS_URL                 a Redis Stack of your own instead of a local one
  VICTORIAMETRICS_URL       a VictoriaMetrics of your own instead of a local one
  LOCAL_REDIS_PORT          port of the local Redis (6390)
  LOCAL_VICTORIAMETRICS_PORT, LOCAL_VICTORIAMETRICS_RETENTION
                            port and retention of the local VictoriaMetrics (8428, 1y)
  LOCAL_PROMETHEUS_PORT, LOCAL_NODE_EXPORTER_PORT
                            ports of the two that --demo adds (9090, 9100)
  LOCAL_PARTS_DIR           folder for the programs that are fetched (./.parts)

A port of 0 is any free one.`;

/**
 * Reads the command line.
 * @returns what is asked for, or the argument that nobody knows.
 */
export function parseArguments(
  args: readonly string[],
): { ok: true; value: Arguments } | { ok: false; unknown: string } {
  const known = ["--demo", "--help", "-h"];
  const unknown = args.find((argument) => !known.includes(argument));
  if (unknown !== undefined) {
    return { ok: false, unknown };
  }
  return { ok: true, value: { help: args.includes("--help") || args.includes("-h"), demo: args.includes("--demo") } };
}
