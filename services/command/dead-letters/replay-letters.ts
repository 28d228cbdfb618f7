import { EXIT_OK } from "../command.ts";
import type { LetterRequest } from "./dead-letters-options.ts";
import { selectedLetters } from "./letter-box.ts";
import type { StoredLetter } from "./letter-summary.ts";
import { LetterTally } from "./letter-tally.ts";
import { complain, type LetterWork, NOT_THERE } from "./letter-work.ts";
import type { Replayed } from "./replayer.ts";

/** Puts dead letters back into the buffer, one by one. @returns the exit code. @throws when Redis does not answer. */
export async function replayLetters(
  work: LetterWork,
  { selection, dryRun }: LetterRequest & { readonly action: "replay" },
): Promise<number> {
  const { box, nowMs, io } = work;
  const tally = new LetterTally();
  let code = EXIT_OK;
  for await (const { id, letter } of selectedLetters(box, selection, nowMs)) {
    const outcome = letter ? await replayOne(work, { id, letter }, dryRun) : { ok: false, why: NOT_THERE };
    if (letter && outcome.ok) {
      tally.add(letter);
    } else if (!outcome.ok) {
      code = complain(io, "replay", id, outcome.why);
    }
  }
  tally.print(io, dryRun ? "would replay" : "replayed");
  return code;
}

async function replayOne({ replayer }: LetterWork, stored: StoredLetter, dryRun: boolean): Promise<Replayed> {
  const plan = await replayer.plan(stored);
  return plan.ok && !dryRun ? replayer.replay(stored.id, plan) : plan;
}
