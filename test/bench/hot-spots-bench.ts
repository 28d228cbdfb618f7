import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";

/*
 * What a CPU profile says, as two lists: functions by the time spent in themselves, and with all that they call. With --last
 * only of the last seconds of it, when every series was known.
 *
 *   npm run bench -- flux --without-peer --profile /tmp/profile
 *   npm run bench -- hot-spots --last 5 /tmp/profile/CPU.….cpuprofile
 */

const ROWS = 25;

const cpuProfile = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
      children: z.array(z.number()).default([]),
    }),
  ),
  /** The node that was on the processor, at each look. */
  samples: z.array(z.number()),
  /** Microseconds since the look before. */
  timeDeltas: z.array(z.number()),
});
type CpuProfile = z.infer<typeof cpuProfile>;

const { values, positionals } = parseArgs({
  options: { last: { type: "string", default: "Infinity" } },
  allowPositionals: true,
});
const profile = cpuProfile.parse(JSON.parse(readFileSync(positionals.at(-1) ?? "", "utf8")));
const { busy, self, total } = addUp(profile, Number(values.last));
console.log(`${(busy / 1e6).toFixed(1)} s of CPU`);
printLargest("by itself", self);
printLargest("with all that it calls", total);

/** Microseconds, all together and by function. */
function addUp({ nodes, samples, timeDeltas }: CpuProfile, lastSeconds: number) {
  const stacks = stacksOf(nodes);
  const ends = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  const times = { busy: 0, self: new Map<string, number>(), total: new Map<string, number>() };
  let now = 0;
  for (const [i, id] of samples.entries()) {
    const delta = timeDeltas[i] ?? 0;
    const [own = "", ...callers] = stacks.get(id) ?? [];
    now += delta;
    if (now < ends - lastSeconds * 1e6 || own.startsWith("(idle)")) {
      continue;
    }
    times.busy += delta;
    increase(times.self, own, delta);
    for (const name of new Set([own, ...callers])) {
      increase(times.total, name, delta);
    }
  }
  return times;
}

/** For each node its function and those that have called it, the innermost first. */
function stacksOf(nodes: CpuProfile["nodes"]): ReadonlyMap<number, readonly string[]> {
  const stacks = new Map<number, readonly string[]>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const visit = (id: number, callers: readonly string[]): void => {
    const node = byId.get(id);
    const stack = node ? [nameOf(node.callFrame), ...callers] : callers;
    stacks.set(id, stack);
    for (const child of node?.children ?? []) {
      visit(child, stack);
    }
  };
  visit(nodes[0]?.id ?? 0, []);
  return stacks;
}

function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const file = url.replace(/^.*\/(dist|node_modules)\//, "");
  return file === "" ? functionName : `${functionName || "(anonymous)"} ${file}:${lineNumber + 1}`;
}

function increase(times: Map<string, number>, name: string, by: number): void {
  times.set(name, (times.get(name) ?? 0) + by);
}

function printLargest(what: string, times: ReadonlyMap<string, number>): void {
  console.log(`\n${what}`);
  for (const [name, time] of [...times].sort(([, a], [, b]) => b - a).slice(0, ROWS)) {
    console.log(`${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`);
  }
}
