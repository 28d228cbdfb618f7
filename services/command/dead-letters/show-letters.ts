import { decodeBlock } from "../../shared/block.ts";
import { shardKeys } from "../../shared/buffer-keys.ts";
import type { NameOf } from "../block-text.ts";
import { EXIT_OK } from "../command.ts";
import { readSeriesNames } from "../registry-names.ts";
import type { LetterRequest } from "./dead-letters-options.ts";
import { type LetterBox, readLetter } from "./letter-box.ts";
import type { StoredLetter } from "./letter-summary.ts";
import { type LetterJson, letterJson, letterText } from "./letter-text.ts";
import { complain, type LetterWork, NOT_THERE } from "./letter-work.ts";

/** Prints all that dead letters say. @returns the exit code. @throws when Redis does not answer. */
export async function showLetters(
  { box, replayer, io }: LetterWork,
  { ids, json }: LetterRequest & { readonly action: "show" },
): Promise<number> {
  let code = EXIT_OK;
  const shown: LetterJson[] = [];
  for (const id of ids) {
    const { letter } = await readLetter(box, id);
    if (!letter) {
      code = complain(io, "show", id, NOT_THERE);
      continue;
    }
    const stored = { id, letter };
    const plan = await replayer.plan(stored);
    if (json) {
      shown.push(letterJson(stored, plan));
      continue;
    }
    for (const line of letterText(stored, await namesOf(box, stored), plan)) {
      io.stdout.write(`${line}\n`);
    }
  }
  if (json) {
    io.stdout.write(`${JSON.stringify({ dead_letters: shown }, undefined, 2)}\n`);
  }
  return code;
}

async function namesOf({ redis, keyPrefix }: LetterBox, { id, letter }: StoredLetter): Promise<NameOf> {
  const decoded = letter.kind === "block" ? decodeBlock(letter.block) : undefined;
  return decoded?.ok ? readSeriesNames(redis, shardKeys(keyPrefix, id.shard), decoded.block) : () => undefined;
}
