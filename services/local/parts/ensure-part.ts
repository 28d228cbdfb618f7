import { DEBIAN_PROGRAMS, GO_PROGRAMS, type PartName } from "./catalogue.ts";
import { getDebianProgram } from "./debian-part.ts";
import { getGoProgram } from "./go-part.ts";
import type { Part, PartOptions, RedisPart } from "./part.ts";
import { getRedis } from "./redis-part.ts";

/** What `ensurePart` gives for each name. */
export type Parts = { readonly [N in PartName]: N extends "redis" ? RedisPart : Part };

const GETTERS: { readonly [N in PartName]: (options: PartOptions) => Promise<Parts[N]> } = {
  redis: getRedis,
  "victoria-metrics": (options) => getDebianProgram(DEBIAN_PROGRAMS["victoria-metrics"], options),
  vmagent: (options) => getDebianProgram(DEBIAN_PROGRAMS.vmagent, options),
  prometheus: (options) => getDebianProgram(DEBIAN_PROGRAMS.prometheus, options),
  promtool: (options) => getDebianProgram(DEBIAN_PROGRAMS.promtool, options),
  "node-exporter": (options) => getDebianProgram(DEBIAN_PROGRAMS["node-exporter"], options),
  influxdb: (options) => getDebianProgram(DEBIAN_PROGRAMS.influxdb, options),
  "remote-storage-adapter": (options) => getGoProgram(GO_PROGRAMS["remote-storage-adapter"], options),
};

/**
 * Gets a program that is ready to be started: the one on PATH, else one that was fetched before, else a fresh one.
 * Several processes may do so at once.
 * @throws LocalProblem that says what is missing and what else one can do.
 */
export function ensurePart<N extends PartName>(name: N, options: PartOptions): Promise<Parts[N]> {
  return GETTERS[name](options);
}
