#!/usr/bin/env node
import process from "node:process";

/*
 * What `flux` and `npm run flux` run: with no argument the service, else a command. Either is loaded only when it is
 * asked for.
 */

const args = process.argv.slice(2);
if (args.length === 0) {
  await import("../flux/main.ts");
} else {
  const { runCommand } = await import("./run-command.ts");
  const { COMMANDS } = await import("./commands.ts");
  // Whoever reads the output may have seen enough: `flux inspect … | head`.
  process.stdout.on("error", (error) => {
    process.exit("code" in error && error.code === "EPIPE" ? 0 : 1);
  });
  process.exitCode = await runCommand(COMMANDS, args, process);
}
