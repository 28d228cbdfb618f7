import { spawnSync } from "node:child_process";
import { part } from "./parts.ts";

/** What `promtool check metrics` objects to on a /metrics page; empty when nothing. */
export async function readMetricsFaults(url: string): Promise<string> {
  const { program } = await part("promtool");
  const response = await fetch(url);
  const run = spawnSync(program, ["check", "metrics"], { input: await response.text(), encoding: "utf8" });
  return `${run.stdout}${run.stderr}`;
}
