import { execFile } from "node:child_process";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { TARGETS } from "./targets.ts";

/*
 * A hundred thousand corrupt inputs for each parser, through everything from the headers to the block.
 * docs/development.md says how to run more of them, and how to run one again.
 */

const INPUTS = 100_000;
const TIMEOUT_MS = 240_000;

const run = promisify(execFile);
const main = fileURLToPath(new URL("main.ts", import.meta.url));

describe("whatever is sent is answered 2xx or 4xx, in time and in flat memory, and counted:", {
  concurrency: 2,
}, () => {
  for (const target of Object.keys(TARGETS)) {
    test(`corrupt ${target}`, { timeout: TIMEOUT_MS }, async (t) => {
      const node = ["--expose-gc", "--max-semi-space-size=32", "--import", "tsx", main];
      const { stdout } = await run(process.execPath, [...node, "--inputs", String(INPUTS), target], {
        signal: t.signal,
      });
      t.diagnostic(stdout.trim());
    });
  }
});
