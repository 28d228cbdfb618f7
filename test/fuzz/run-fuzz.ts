import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Random } from "../support/random.ts";
import { createFuzzIntake, type FuzzInput, type FuzzIntake } from "./fuzz-intake.ts";

/** Makes the next input. */
export type MakeInput = (random: Random) => FuzzInput;

export interface FuzzRun {
  readonly make: MakeInput;
  readonly inputs: number;
  readonly random: Random;
  readonly collectGarbage: () => void;
}

/** What a run has shown. */
export interface FuzzReport {
  readonly seconds: number;
  readonly worstMs: number;
  /** How many inputs were answered with each status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** By how much the heap was larger at the end than after the first third. */
  readonly grownBytes: number;
}

/** So many of the inputs go through the HTTP application, too. */
const INJECTED = 200;
/** No request of some kilobytes may take longer, even on a machine that has other work. */
const MAX_CALL_MS = 1000;
/** A leak of a kilobyte in every tenth request would show as more. */
const MAX_GROWTH_BYTES = 6 * 1024 * 1024;
/** Of the inputs, so many at least are taken, and so many refused. Otherwise they do not test what they should. */
const LEAST_SHARE = 0.02;

/**
 * Sends corrupt requests through everything from the headers to the block: each has to be answered 2xx or 4xx, in time,
 * to be counted, and to leave nothing in memory.
 * @throws Error that names the seed, and a file with the input.
 */
export async function runFuzz(run: FuzzRun): Promise<FuzzReport> {
  const { inputs, random, collectGarbage } = run;
  const intake = createFuzzIntake();
  const statuses = new Map<number, number>();
  const heapBytes: number[] = [];
  const start = performance.now();
  let worstMs = 0;
  for (let number = 0; number < inputs; number++) {
    const input = run.make(random);
    const { status, tookMs } = await check(intake, input, number % Math.ceil(inputs / INJECTED) === 0).catch(
      (error: unknown) => {
        throw describe(error, input, random.seed, number);
      },
    );
    worstMs = Math.max(worstMs, tookMs);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if ((number + 1) % Math.ceil(inputs / 3) === 0 || number + 1 === inputs) {
      collectGarbage();
      heapBytes.push(process.memoryUsage().heapUsed);
    }
  }
  const seconds = (performance.now() - start) / 1000;
  const report = { seconds, worstMs, statuses, grownBytes: (heapBytes.at(-1) ?? 0) - (heapBytes[0] ?? 0) };
  await intake.checkAccounts();
  checkReport(report, run);
  return report;
}

/** @param isInjected whether to send it through the application as well. */
async function check(
  intake: FuzzIntake,
  input: FuzzInput,
  isInjected: boolean,
): Promise<{ status: number; tookMs: number }> {
  const { status, tookMs } = await measure(intake, input);
  // The machine may have been busy with something else: what is slow is slow every time.
  const leastMs = tookMs > MAX_CALL_MS ? Math.min(tookMs, (await measure(intake, input)).tookMs) : tookMs;
  assert.ok(leastMs <= MAX_CALL_MS, `it took ${Math.round(leastMs)} ms`);
  if (isInjected) {
    assert.equal(await intake.inject(input), status, "the application answers something else");
  }
  return { status, tookMs: leastMs };
}

async function measure(intake: FuzzIntake, input: FuzzInput): Promise<{ status: number; tookMs: number }> {
  const start = performance.now();
  const { status } = await intake.handle(input);
  return { status, tookMs: performance.now() - start };
}

function checkReport({ statuses, grownBytes }: FuzzReport, { inputs, random }: FuzzRun): void {
  assert.ok(grownBytes <= MAX_GROWTH_BYTES, `the heap grew by ${grownBytes} bytes, seed ${random.seed}`);
  const taken = [...statuses].reduce((sum, [status, count]) => sum + (status < 300 ? count : 0), 0);
  const least = inputs * LEAST_SHARE;
  const isMixed = taken >= least && inputs - taken >= least;
  assert.ok(isMixed, `of ${inputs} inputs ${taken} were answered 2xx: a test of one side alone, seed ${random.seed}`);
}

/** The error with what is needed to have it again. */
function describe(error: unknown, input: FuzzInput, seed: number, number: number): Error {
  const file = join(mkdtempSync(join(tmpdir(), "flux-fuzz-")), "input.json");
  writeFileSync(file, JSON.stringify({ ...input, body: input.body.toString("base64") }));
  const words = error instanceof Error ? error.message : String(error);
  return new Error(`seed ${seed}, input ${number}, saved in ${file} (its body in base64): ${words}`, { cause: error });
}
