import { readFile } from "node:fs/promises";

/** Where a command writes text to. */
export interface TextOutput {
  write(text: string): unknown;
}

/** What a command has of the process that it runs in. */
export interface CommandIo {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Something that `flux` can be asked to do. */
export interface Command {
  readonly name: string;
  /** One line for `flux --help`. */
  readonly summary: string;
  /** What `flux <name> --help` prints. */
  readonly usage: string;
  /**
   * Does it.
   * @param args what stands behind the command's name.
   * @returns the exit code.
   * @throws Error whose message says what could not be done, where something that it needs is broken.
   */
  run(args: readonly string[], io: CommandIo): Promise<number>;
}

/** It was done, and there is nothing to remark. */
export const EXIT_OK = 0;
/** It was done, and found what its help says. */
export const EXIT_FOUND = 1;
/** It could not be done: wrong usage, or something that it needs is not there. */
export const EXIT_FAILED = 2;

/** Says what is wrong, a line each. @returns the exit code. */
export function failWith(io: Pick<CommandIo, "stderr">, name: string, problems: readonly string[]): number {
  for (const problem of problems) {
    io.stderr.write(`flux ${name}: ${problem}\n`);
  }
  return EXIT_FAILED;
}

/** Everything that a command is given on its standard input. */
export async function readInput(stdin: CommandIo["stdin"]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

/** The bytes of a file that the command line names. @throws Error that names the file and says why it cannot be read. */
export async function readNamedFile(name: string): Promise<Buffer> {
  try {
    return await readFile(name);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new Error(`cannot read ${name}: ${READ_FAULTS[code] ?? code}`);
  }
}

const READ_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
};
