import { COMMANDS } from "../../../services/command/commands.ts";
import { runCommand } from "../../../services/command/run-command.ts";

/** Runs `flux` in this process. @returns what it wrote and its exit code. */
export async function runFlux(
  args: readonly string[],
  given: { readonly stdin?: string | Buffer; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: "", stderr: "" };
  const output = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  async function* stdin() {
    yield given.stdin ?? "";
  }
  const io = { stdin: stdin(), stdout: output("stdout"), stderr: output("stderr"), env: given.env ?? {} };
  const code = await runCommand(COMMANDS, args, io);
  return { code, ...written };
}
