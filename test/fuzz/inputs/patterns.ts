import type { Random } from "../../support/random.ts";
import { mutateBytes } from "../mutate-bytes.ts";
import { piecesOf, shuffleTokens } from "../mutate-text.ts";
import { withHeader } from "../rule-headers.ts";
import type { MakeInput } from "../run-fuzz.ts";

const PIECES = piecesOf(
  ...["(", ")", "[", "]", "{", "}", "*", "+", "?", ".", "^", "$", "|", "\\", "-", ",", ":", "="],
  ...[
    "(?i)",
    "(?:",
    "(?P<a>",
    "(?=",
    "(?!",
    "(?<=",
    "(?s-m:",
    "\\1",
    "\\Z",
    "\\A",
    "\\b",
    "\\pL",
    "\\Q",
    "\\x{10ffff}",
  ],
  ...[
    "\\u00e9",
    "\\U0001F600",
    "{1,3}",
    "{,5}",
    "{1000}",
    "{99999}",
    "{2,1}",
    "[a-z]",
    "[^\\d]",
    "[[:alpha:]]",
    "[z-a]",
  ],
  ...["a*", "(a+)+", ".*", "é", "😀", "\n", "\0"],
);

const PATTERNS = [
  "^go_.*",
  ".*_bucket{.*",
  "(?i)^GO_(gc|threads)",
  "^(?P<kind>go|node)_",
  "u[o-q]\\Z",
  "^x{1,3}_total",
  "up.job.node",
  'job="node"',
  "^(a+)+$",
  "\\d+\\.\\d{2,}",
] as const;

/** One to three patterns, of which the first is corrupt. Written as JSON: they reach the compiler whatever they hold. */
function corruptPatterns(random: Random): string {
  const corruption = { pieces: PIECES, donor: Buffer.from(random.pick(PATTERNS)) };
  const bytes = random.pick([mutateBytes, shuffleTokens])(random, Buffer.from(random.pick(PATTERNS)), corruption);
  const others = Array.from({ length: random.below(3) }, () => random.pick(PATTERNS));
  return JSON.stringify([bytes.toString("utf8"), ...others]);
}

/** A corrupt pattern in a good list. */
export const corruptPattern: MakeInput = (random) => withHeader("dropmetrics", corruptPatterns(random));
