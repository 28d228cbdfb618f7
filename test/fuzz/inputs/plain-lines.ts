import { createRandom, type Random } from "../../support/random.ts";
import { encodePoint, LINE_ENDS, randomPoint } from "../../support/random-points.ts";
import { mutateBytes } from "../mutate-bytes.ts";
import { piecesOf, shuffleTokens } from "../mutate-text.ts";

/*
 * Bodies of line protocol as senders write them all day, and the same made corrupt: what the kernel reads by itself, and
 * what is next to it.
 */

const NAMES = [
  "cpu",
  "host",
  "a",
  "b",
  "_x",
  "le",
  "job:rate5m",
  "a.b",
  "a-b",
  "a_b",
  "__name__",
  "__x",
  "9a",
  "é",
] as const;
const LONG_NAMES = ["usage_iowait_percent", "kubernetes.io/hostname", "name_of_exactly__", "name_of_exactly_"] as const;
const VALUES = [
  "v",
  "eu-west-1a",
  "10.0.0.1:9100",
  "é☃",
  'say"x"',
  "a/b",
  "x\\ y",
  "1\\,2",
  "k\\=v",
  "C:\\x",
  "0",
] as const;
const NUMBERS = [
  ...[
    "0",
    "-0",
    "1",
    "42i",
    "7u",
    "-3i",
    "-0i",
    "1.5",
    "98.73417721518987",
    "-0.1",
    ".5",
    "5.",
    "1e3",
    "1.5E-7",
    "1e+22",
  ],
  ...["9007199254740993", "9223372036854775807i", "9223372036854775808i", "18446744073709551615u", "1e23", "1e-70"],
  ...[
    "123456789012345678901",
    "t",
    "F",
    "true",
    "True",
    "TRUE",
    "false",
    "False",
    "FALSE",
    "007",
    "-1u",
    "+1",
    "1e",
    "NaN",
  ],
  ...[
    "0.000000000000000000000000001234",
    "9999999999999999999",
    "99999999999999999.99",
    "1.1i",
    "truE",
    '"text"',
    '"a,b=c d"',
  ],
] as const;
const TIMES = [
  ...[
    "",
    " 1732147200123",
    " 1732147200123456789",
    " 1732147200",
    " 0",
    " -5",
    " 9223372036854775806",
    " 9223372036854",
  ],
  ...[" 9223372036854775807", " 007", " 1x", "  5", " 5 ", " 28869120", " 99999999999999999999"],
] as const;
const ENDS = ["\n", "\n", "\n", "\n", "\r\n", "\n\n", "\n# c\n", " \n", ""] as const;

const PIECES = piecesOf(
  ...[
    "m",
    ",",
    "=",
    " ",
    '"',
    "\\",
    "\\,",
    "\\ ",
    "\\=",
    "\n",
    "\r\n",
    "\r",
    "#",
    "\t",
    "\ufeff",
    "value=",
    " value=",
    "value",
  ],
  ...["1", "1i", "1u", "9".repeat(30), "e5", "-", "-0", ".", "t", "FALSE", '"x"', '"\n"', "x".repeat(70)],
  ...[
    " value=1 5\n",
    "\nup,a=b value=1 5",
    ",a=b",
    " 1700000000000000000",
    "__name__=x,",
    "é",
    Buffer.from([0xff]),
    "\0",
  ],
);

function name(random: Random): string {
  return random.below(8) === 0 ? random.pick(LONG_NAMES) : random.pick(NAMES);
}

function number(random: Random): string {
  const digits = () => String(random.below(10 ** (1 + random.below(9))));
  return random.pick([random.pick(NUMBERS), digits(), `${digits()}.${digits()}${digits()}`, String(random.next())]);
}

function key(random: Random): string {
  const tags = Array.from({ length: random.below(5) }, () => `,${name(random)}=${random.pick(VALUES)}`);
  return `${name(random)}${tags.join("")}`;
}

/** A line of Telegraf's kind. */
function plainLine(random: Random): string {
  const fields = Array.from({ length: random.pick([1, 1, 2, 5]) }, () => `${name(random)}=${number(random)}`);
  return `${key(random)} ${fields.join(",")}${random.pick(TIMES)}${random.pick(ENDS)}`;
}

/** A line that nothing is wrong with, as an adapter writes it or with more fields. */
function goodLine(random: Random): string {
  const tags = ["cluster=eu", `instance=10.0.0.${random.below(256)}:9100`, "path=/a\\ b", "Zone=é"].slice(
    random.below(5),
  );
  const more = random.pick(["", "", `,idle=${number(random)},n=7i`]);
  const time = 1_732_147_000_000 + random.below(1e9);
  return `up${tags.map((tag) => `,${tag}`).join("")} value=${random.next() * 10 ** random.below(9)}${more} ${time}\n`;
}

/** A line of an adapter's kind. */
function record(random: Random): string {
  return `${key(random)} value=${number(random)} ${1_700_000_000_000 + random.below(1e9)}${random.pick(ENDS)}`;
}

function oddLine(random: Random): string {
  return encodePoint(random, randomPoint(random), LINE_ENDS);
}

const corpusRandom = createRandom(4);
const corpus = Array.from({ length: 500 }, () => {
  const lines = Array.from({ length: 1 + corpusRandom.below(5) }, () =>
    corpusRandom.pick([plainLine, plainLine, plainLine, record, record, oddLine])(corpusRandom),
  );
  return Buffer.from(lines.join(""));
});

/** A body, corrupt or not. */
export function linesOfAnyKind(random: Random): Buffer {
  const pick = () => corpus[random.below(corpus.length)] ?? Buffer.alloc(0);
  const corruption = { pieces: PIECES, donor: pick() };
  const kinds = [goodLine, goodLine, goodLine, plainLine, record] as const;
  const whole = () => Buffer.from(Array.from({ length: 5 }, () => random.pick(kinds)(random)).join(""));
  return random.pick([
    whole,
    () => mutateBytes(random, pick(), corruption),
    () => shuffleTokens(random, pick(), corruption),
  ])();
}
