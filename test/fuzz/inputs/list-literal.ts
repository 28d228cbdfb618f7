import { piecesOf } from "../mutate-text.ts";
import { mutateHeader } from "../rule-headers.ts";
import type { MakeInput } from "../run-fuzz.ts";

const PIECES = piecesOf(
  ...["[", "]", "(", ")", ",", "'", '"', "\\", " ", "r'", 'u"', "\\x4", "\\x41", "\\u00", "\\ud800", "\\n"],
  ...["'a'", "['a']", "('a',)", "[[", "]]", "['", "']", "', '", "None", "1", "{", "}", "#", "é", "\u2028"],
);

const LISTS = [
  "['^flag.*','^go_.*','^info_.*']",
  '["go_goroutines", "go_threads"]',
  "('a', (\"b\",), [r'^go_\\d+'], u'é')",
  "['^a{1,3}'], ['b']",
  "[[['a']],[]]",
  "foo, ^flag.*,'bar'",
  "[]",
] as const;
const HEADERS = ["dropmetrics", "donotdropmetrics"] as const;

/** A corrupt list of patterns in a header. */
export const corruptPatternList: MakeInput = (random) =>
  mutateHeader(random, random.pick(HEADERS), random.pick(LISTS), PIECES);
