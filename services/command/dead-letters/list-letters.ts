import { EXIT_OK } from "../command.ts";
import { textTable } from "../text-table.ts";
import type { LetterRequest } from "./dead-letters-options.ts";
import { newestLetters, shardsWithLetters } from "./letter-box.ts";
import { isMeant } from "./letter-filter.ts";
import { type LetterSummary, summarize, summaryRow } from "./letter-summary.ts";
import { plural } from "./letter-tally.ts";
import type { LetterWork } from "./letter-work.ts";

type ListRequest = LetterRequest & { readonly action: "list" };

/** Prints a line for each dead letter that is meant, the newest first. @throws when Redis does not answer. */
export async function listLetters(work: LetterWork, request: ListRequest): Promise<number> {
  const { limit, json } = request;
  const found: LetterSummary[] = [];
  for (const shard of await shardsWithLetters(work.box)) {
    found.push(...(await newestOf(work, shard, request)));
  }
  const shown = found.sort((a, b) => b.at_ms - a.at_ms).slice(0, limit);
  const hasMore = found.length > limit;
  if (json) {
    work.io.stdout.write(`${JSON.stringify({ dead_letters: shown, more: hasMore }, undefined, 2)}\n`);
    return EXIT_OK;
  }
  for (const line of textTable(shown.map(summaryRow))) {
    work.io.stdout.write(`${line}\n`);
  }
  const rest = hasMore ? ", and there are more: see --limit" : "";
  work.io.stdout.write(`${plural(shown.length, "dead letter")}${rest}\n`);
  return EXIT_OK;
}

/** The newest of a shard; one more than are to be shown, to know whether there are more. */
async function newestOf(
  { box, nowMs }: LetterWork,
  shard: number,
  { filter, limit }: ListRequest,
): Promise<LetterSummary[]> {
  const found: LetterSummary[] = [];
  for await (const stored of newestLetters(box, shard)) {
    if (isMeant(stored.letter, filter, nowMs)) {
      found.push(summarize(stored));
    }
    if (found.length > limit) {
      break;
    }
  }
  return found;
}
