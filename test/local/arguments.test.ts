import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArguments } from "../../services/local/arguments.ts";

test("the command line says what to run, and a word that nobody knows is named", () => {
  const check = (args: string[], want: ReturnType<typeof parseArguments>) =>
    assert.deepEqual(parseArguments(args), want, args.join(" "));
  check([], { ok: true, value: { help: false, demo: false } });
  check(["--demo"], { ok: true, value: { help: false, demo: true } });
  check(["--help"], { ok: true, value: { help: true, demo: false } });
  check(["-h", "--demo"], { ok: true, value: { help: true, demo: true } });
  check(["--demo", "--dmo"], { ok: false, unknown: "--dmo" });
  check(["demo"], { ok: false, unknown: "demo" });
});
