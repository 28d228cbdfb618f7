import { readVersion } from "../shared/version.ts";
import { type Command, type CommandIo, EXIT_FAILED, EXIT_OK, failWith } from "./command.ts";

/** Runs the command that the first argument names. @returns the exit code. */
export async function runCommand(
  commands: readonly Command[],
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  const [name = "--help", ...rest] = args;
  if (name === "--help" || name === "-h") {
    io.stdout.write(overview(commands));
    return EXIT_OK;
  }
  if (name === "--version") {
    io.stdout.write(`${readVersion()}\n`);
    return EXIT_OK;
  }
  const command = commands.find((one) => one.name === name);
  if (!command) {
    io.stderr.write(`flux: there is no command ${JSON.stringify(name.slice(0, 80))}; \`flux --help\` lists them\n`);
    return EXIT_FAILED;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    io.stdout.write(command.usage);
    return EXIT_OK;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    return failWith(io, name, [error instanceof Error ? error.message : String(error)]);
  }
}

function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  flux ${name.padEnd(width)}   ${summary}\n`);
  return `Without a command, flux starts the service that takes metrics in.

${lines.join("")}
  flux <command> --help   how a command is used
  flux --version
`;
}
