import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { FLUX_NODE_OPTIONS } from "../../services/flux/node-options.ts";
import { HORIZON_NODE_OPTIONS } from "../../services/horizon/node-options.ts";
import { pickFreePort } from "../../services/local/ports.ts";
import { projectRoot } from "../../services/local/project-root.ts";
import { checkHttp } from "../../services/local/supervise/readiness.ts";
import { SETTING_NAMES } from "../../settings/value-kind.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";

/** A Flux or Horizon process, compiled, as it runs in production. */
export interface ServiceProcess extends ServerProcess {
  /** Where Prometheus would write to; empty for Horizon. */
  readonly intakeUrl: string;
  readonly adminUrl: string;
}

export interface ServiceOptions {
  /** "answers" waits for /-/healthy only, where the service is not expected to become ready. */
  readonly waitFor?: "ready" | "answers";
  readonly readyTimeoutMs?: number;
  /** Another build of the project than its own `dist`. */
  readonly distFolder?: string;
  /** Another program than the service's own `main.js`. */
  readonly main?: string;
  /** Further options of Node itself. */
  readonly nodeArgs?: readonly string[];
}

/**
 * Starts a service on free ports and waits until it is ready.
 * @param settings its settings, as environment variables. Nothing of the test's own settings reaches it.
 */
export async function spawnService(
  name: "flux" | "horizon",
  settings: Readonly<Record<string, string>>,
  options: ServiceOptions = {},
): Promise<ServiceProcess> {
  const distFolder = options.distFolder ?? join(projectRoot(import.meta.url), "dist");
  const main = options.main ?? join(distFolder, "services", name, "main.js");
  if (!existsSync(main)) {
    throw new Error(`cannot start ${name}: ${main} is missing: run \`npm run build\``);
  }
  const intakePort = await pickFreePort("127.0.0.1");
  const adminPort = await pickFreePort("127.0.0.1", [intakePort]);
  const adminSetting = name === "flux" ? "FLUX_ADMIN_PORT" : "HORIZON_ADMIN_PORT";
  const env: Record<string, string> = { FLUX_PORT: String(intakePort), [adminSetting]: String(adminPort), ...settings };
  const adminUrl = `http://127.0.0.1:${env[adminSetting]}`;
  const server = await startServerProcess({
    name,
    program: process.execPath,
    args: [
      "--enable-source-maps",
      ...(name === "flux" ? FLUX_NODE_OPTIONS : HORIZON_NODE_OPTIONS),
      ...(options.nodeArgs ?? []),
      main,
    ],
    env: { ...withoutSettings(process.env), ...env },
    notReady: () => checkHttp(`${adminUrl}/-/${options.waitFor === "answers" ? "healthy" : "ready"}`),
    ...(options.readyTimeoutMs === undefined ? {} : { readyTimeoutMs: options.readyTimeoutMs }),
  });
  const intakeUrl = name === "flux" ? `http://127.0.0.1:${env["FLUX_PORT"]}` : "";
  return Object.assign(server, { intakeUrl, adminUrl });
}

function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const settings = new Set<string>([...SETTING_NAMES, "FLUX_SETTINGS"]);
  // Without the runner's mark, which would make a child that uses node:test report to it.
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !settings.has(name) && name !== "NODE_TEST_CONTEXT"),
  );
}
