import { loadSettings } from "../../settings/load.ts";
import type { Settings } from "../../settings/schema.ts";
import { DEFAULT_BACKOFF } from "../shared/backoff.ts";
import { type Arguments, parseArguments, USAGE } from "./arguments.ts";
import { LocalProblem } from "./local-problem.ts";
import { type LocalSystem, prepareLocalSystem } from "./local-system.ts";
import { trimLogs, watchLog } from "./log-watch.ts";
import { partsFolder, projectRoot } from "./project-root.ts";
import { listenForStop, stopWithNpm } from "./stop-request.ts";
import { summarize } from "./summarize.ts";
import { summaryText } from "./summary.ts";
import { rotateLog } from "./supervise/log-file.ts";
import { checkHttp } from "./supervise/readiness.ts";
import { createSupervisor, type Supervisor } from "./supervise/supervisor.ts";

/*
 * What `npm start` runs, once dependencies are there and everything is built: gets the servers, starts them in order,
 * keeps them alive, and stops them in reverse order.
 */

const POLL_MS = 100;
const NOTICE_MS = 15_000;
const WATCHED_SERVICES = new Set(["Flux", "Horizon"]);

const say = (line: string) => console.log(line);

async function main(argv: readonly string[]): Promise<void> {
  const args = parseArguments(argv);
  if (!args.ok) {
    throw new LocalProblem(`cannot understand the argument ${args.unknown}: npm start -- --help tells what there is`);
  }
  if (args.value.help) {
    say(USAGE);
    return;
  }
  const loaded = await loadSettings(process.env);
  if (!loaded.ok) {
    throw new LocalProblem(loaded.problems.join("\n"));
  }
  if (loaded.settings.BUFFER_FORMAT !== "blocks") {
    throw new LocalProblem(
      `cannot start everything: BUFFER_FORMAT is ${loaded.settings.BUFFER_FORMAT}, which no Horizon of this project ` +
        "reads; start Flux alone with `npm run flux`, or set BUFFER_FORMAT to blocks",
    );
  }
  await run(loaded.settings, args.value);
}

async function run(settings: Settings, { demo }: Arguments): Promise<void> {
  const supervisor = createSupervisor({
    say,
    backoff: DEFAULT_BACKOFF,
    deathSignal: "TERM",
    pollMs: POLL_MS,
    noticeMs: NOTICE_MS,
  });
  const stop = listenForStop(() => supervisor.killAll());
  stopWithNpm(process.env, stop);
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
  const parts = { partsDir: partsFolder(projectRoot(import.meta.url), process.env), env: process.env, log: say };
  const prepared = prepareLocalSystem({ settings, demo, parts });
  const system = await Promise.race([prepared, stopped]);
  if (!system) {
    return;
  }
  for (const { logPath } of system.plans) {
    rotateLog(logPath);
  }
  try {
    await Promise.race([startAll(supervisor, system, stop.signal), stopped]);
    if (!stop.signal.aborted) {
      await tellSummary(settings, system);
      await watchLogs(system, stop.signal);
    }
    await stopped;
    say(`Stopping (${stop.reason()}). Press Ctrl-C again to kill everything at once.`);
  } finally {
    await supervisor.stopAll();
  }
  say("Everything is stopped.");
}

async function startAll(supervisor: Supervisor, { plans }: LocalSystem, stop: AbortSignal): Promise<void> {
  for (const plan of plans) {
    if (!stop.aborted) {
      say(`Starting ${plan.name} ...`);
      await supervisor.start(plan);
    }
  }
}

async function tellSummary(settings: Settings, system: LocalSystem): Promise<void> {
  const { victoriaMetricsUrl } = system.place;
  const hasPage = victoriaMetricsUrl !== undefined && (await checkHttp(`${victoriaMetricsUrl}/vmui/`)) === undefined;
  say("");
  say(summaryText(summarize(settings, system, hasPage)));
}

/** Says what the services warn of, until the stop. */
async function watchLogs({ plans }: LocalSystem, stop: AbortSignal): Promise<void> {
  const services = plans.filter(({ name }) => WATCHED_SERVICES.has(name));
  const watches = services.map(({ name, logPath }) => watchLog({ name, path: logPath }, say, stop));
  const logs = plans.map(({ logPath }) => logPath);
  // What runs does not need us to read its logs.
  const report = (error: unknown) => say(`cannot follow the logs: ${error}`);
  await Promise.all([...watches, trimLogs(logs, stop)].map((watch) => watch.catch(report)));
}

// When the terminal is gone there is nobody to tell; that must not end what runs.
process.stdout.on("error", () => undefined);

try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  console.error(error instanceof LocalProblem ? error.message : error);
  process.exit(1);
}
