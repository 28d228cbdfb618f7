import { shardKeys } from "../../shared/buffer-keys.ts";
import { loadScripts } from "../../shared/redis-scripts/run-script.ts";
import { EXIT_OK, failWith } from "../command.ts";
import type { LetterRequest } from "./dead-letters-options.ts";
import { selectedLetters } from "./letter-box.ts";
import { LetterTally } from "./letter-tally.ts";
import { complain, type LetterWork, NAME, NOT_THERE } from "./letter-work.ts";

/** Deletes dead letters, or says which it would. @returns the exit code. @throws when Redis does not answer. */
export async function purgeLetters(
  { box, nowMs, io }: LetterWork,
  { selection, yes }: LetterRequest & { readonly action: "purge" },
): Promise<number> {
  const runScript = loadScripts(box.redis);
  const tally = new LetterTally();
  let code = EXIT_OK;
  for await (const { id, letter } of selectedLetters(box, selection, nowMs)) {
    const { deadLetters, deadLetterMarks, deadLetterCounts } = shardKeys(box.keyPrefix, id.shard);
    const keys = [deadLetters, deadLetterMarks, deadLetterCounts];
    const isGone = letter && (!yes || (await runScript("remove-dead-letter", keys, [id.entry])) === 1);
    if (isGone) {
      tally.add(letter);
    } else {
      code = complain(io, "purge", id, NOT_THERE);
    }
  }
  tally.print(io, yes ? "purged" : "would purge");
  return yes ? code : failWith(io, NAME, ["nothing is deleted yet: say so with --yes"]);
}
