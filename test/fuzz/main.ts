import process from "node:process";
import { parseArgs } from "node:util";
import { createRandom, type Random } from "../support/random.ts";
import { compareCodecs } from "./compare-codecs.ts";
import { type FuzzReport, runFuzz } from "./run-fuzz.ts";
import { TARGETS } from "./targets.ts";

/*
 * `npm run fuzz -- [--inputs N] [--seed N] [TARGET…]`: sends corrupt requests to Flux' parsers, each target's in turn; the
 * target `kernel` compares what the kernel and the reference make of them.
 * Needs `node --expose-gc`. Not under node:test, whose hooks into every promise take more time than Flux does.
 */

const KERNEL = "kernel";

const { values, positionals } = parseArgs({
  options: { inputs: { type: "string", default: "100000" }, seed: { type: "string" } },
  allowPositionals: true,
});

for (const name of positionals.length > 0 ? positionals : [...Object.keys(TARGETS), KERNEL]) {
  if (name === KERNEL) {
    await compare();
    continue;
  }
  const make = TARGETS[name];
  const { gc } = globalThis;
  if (!make || !gc) {
    throw new Error(make ? "cannot collect garbage: start node with --expose-gc" : `cannot find the target ${name}`);
  }
  const random = seededRandom();
  const inputs = Number(values.inputs);
  const report = await runFuzz({ make, inputs, random, collectGarbage: () => void gc() });
  process.stdout.write(`${name}: ${describe(report, inputs, random.seed)}\n`);
}

function seededRandom(): Random {
  return createRandom(values.seed === undefined ? undefined : Number(values.seed));
}

async function compare(): Promise<void> {
  const random = seededRandom();
  const { alone, named } = await compareCodecs(Number(values.inputs), random);
  const what = `${values.inputs} inputs, of which the kernel read ${alone} alone, and named ${named} series`;
  process.stdout.write(`${KERNEL}: ${what}, as the reference does; seed ${random.seed}\n`);
}

function describe({ seconds, worstMs, statuses, grownBytes }: FuzzReport, inputs: number, seed: number): string {
  const answers = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`);
  const time = `${inputs} inputs in ${seconds.toFixed(1)} s, the worst ${worstMs.toFixed(0)} ms`;
  return `${time}, heap ${(grownBytes / 1024).toFixed(0)} KiB larger; ${answers.join(", ")}; seed ${seed}`;
}
