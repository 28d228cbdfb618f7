import type { Intake } from "../intake/intake.ts";
import { storedName } from "../intake/stored-name.ts";
import type { Answer } from "./answer.ts";

/*
 * A header of our own: `Warning`, the one that HTTP had for this, is obsolete (RFC 9111, 5.5), and proxies may read it
 * as being about their caches, or take it away.
 */
export const WARNING_HEADER = "x-flux-warning";

const MAX_NAME_CHARACTERS = 300;

/** The answer with a header that says which series rules made the same, if there are any. */
export function withMergeWarning(answer: Answer, { merges }: Pick<Intake, "merges">): Answer {
  if (!merges) {
    return answer;
  }
  const first = headerText(storedName(merges.firstRecord), MAX_NAME_CHARACTERS);
  const warning = `dropLabels makes ${merges.labelSets} series the same as others, so that their samples mix; the first: ${first}`;
  return { ...answer, headers: { ...answer.headers, [WARNING_HEADER]: warning } };
}

/** Text as a header may hold it: what is not printable ASCII is percent-encoded, and so is the percent sign. */
function headerText(text: string, maxCharacters: number): string {
  let safe = "";
  for (const character of text) {
    const next = /[\x20-\x24\x26-\x7e]/.test(character) ? character : percentEncode(character);
    if (safe.length + next.length > maxCharacters) {
      return `${safe}...`;
    }
    safe += next;
  }
  return safe;
}

function percentEncode(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
