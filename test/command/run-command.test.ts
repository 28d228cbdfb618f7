import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkRulesCommand } from "../../services/command/check-rules.ts";
import type { Command } from "../../services/command/command.ts";
import { COMMANDS } from "../../services/command/commands.ts";
import { inspectCommand } from "../../services/command/inspect.ts";
import { runCommand } from "../../services/command/run-command.ts";
import { readVersion } from "../../services/shared/version.ts";
import { runFlux } from "./support/run.ts";

describe("flux", () => {
  test("lists its commands, each with a line", async () => {
    for (const word of ["--help", "-h"]) {
      const { code, stdout } = await runFlux([word]);
      assert.equal(code, 0);
      for (const { name, summary } of COMMANDS) {
        assert.match(stdout, new RegExp(`^  flux ${name} +${summary}$`, "m"));
      }
    }
  });

  test("tells its version", async () => {
    assert.deepEqual(await runFlux(["--version"]), { code: 0, stdout: `${readVersion()}\n`, stderr: "" });
  });

  test("refuses a command that nobody knows", async () => {
    const { code, stdout, stderr } = await runFlux(["chekc-rules"]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.equal(stderr, 'flux: there is no command "chekc-rules"; `flux --help` lists them\n');
  });

  for (const { name, usage } of COMMANDS) {
    test(`${name} --help prints how it is used`, async () => {
      assert.deepEqual(await runFlux([name, "--json", "--help"]), { code: 0, stdout: usage, stderr: "" });
      assert.match(usage, new RegExp(`^  flux ${name} `, "m"));
      assert.match(usage, /^Exit code: 0 /m);
    });

    test(`${name} refuses an option that it does not have`, async () => {
      assert.match((await runFlux([name, "--nonsense"])).stderr, /^flux [a-z-]+: Unknown option '--nonsense'\n$/);
    });
  }

  for (const { name } of [checkRulesCommand, inspectCommand]) {
    test(`${name} refuses a second file`, async () => {
      const { code, stderr } = await runFlux([name, "one", "two"]);
      assert.deepEqual([code, stderr], [2, `flux ${name}: one file at most is read, "two" is too much\n`]);
    });

    test(`${name} says which file cannot be read`, async () => {
      const { code, stderr } = await runFlux([name, "/nowhere/to/be/found"]);
      assert.equal(code, 2);
      assert.equal(stderr, `flux ${name}: cannot read /nowhere/to/be/found: there is no such file\n`);
    });
  }

  test("says what broke a command, and fails", async () => {
    const broken: Command = { name: "x", summary: "", usage: "", run: () => Promise.reject(new Error("gone")) };
    let stderr = "";
    const io = {
      stdin: (async function* () {})(),
      stdout: { write: () => assert.fail("it wrote") },
      stderr: {
        write: (text: string) => {
          stderr += text;
        },
      },
      env: {},
    };
    assert.equal(await runCommand([broken], ["x"], io), 2);
    assert.equal(stderr, "flux x: gone\n");
  });
});
