import { type CommandIo, EXIT_FOUND, failWith } from "../command.ts";
import type { LetterBox } from "./letter-box.ts";
import { formatLetterId, type LetterId } from "./letter-id.ts";
import type { Replayer } from "./replayer.ts";

/** The name of the command, as its complaints begin. */
export const NAME = "dead-letters";

/** What doing something with dead letters takes. */
export interface LetterWork {
  readonly box: LetterBox;
  readonly replayer: Replayer;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly io: CommandIo;
}

/** Why nothing can be done with an id that is not in Redis. */
export const NOT_THERE = "there is no such dead letter";

/** Says what cannot be done with a dead letter, and why. @returns the exit code for that. */
export function complain(io: CommandIo, what: string, id: LetterId, why: string): number {
  failWith(io, NAME, [`cannot ${what} ${formatLetterId(id)}: ${why}`]);
  return EXIT_FOUND;
}
