/** A program and its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** What the system sends a child when its parent dies. KILL also reaches a paused process, but lets it save nothing. */
export type DeathSignal = "TERM" | "KILL";

/**
 * The command that runs another one so that it ends with its parent, however the parent ends. On Linux the kernel sees
 * to that; setpriv asks it to and then becomes the program, so that the process id is the program's own. Other
 * systems have no such thing: there the command is unchanged.
 */
export function endingWithParent(command: Command, signal: DeathSignal, platform: NodeJS.Platform): Command {
  if (platform !== "linux") {
    return command;
  }
  return { program: "setpriv", args: ["--pdeathsig", signal, "--", command.program, ...command.args] };
}
