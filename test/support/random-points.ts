import type { Random } from "./random.ts";

export type Texts = readonly [string, ...string[]];

/** A point that line protocol can hold. */
export interface RandomPoint {
  readonly measurement: string;
  readonly tags: readonly (readonly [string, string])[];
  readonly fields: readonly { readonly name: string; readonly value: number | string }[];
  readonly timestampMs: number | undefined;
}

const NAME_PIECES: Texts = ["a", "b", "7", "_", ":", " ", ",", "=", "\\", "é", "☃", "😀", "#", "\t", "\r"];
const TAG_PIECES: Texts = [...NAME_PIECES, '"', "'"];
const STRING_PIECES: Texts = [...TAG_PIECES, "\n", "\\n", "v=1 5", '\\"'];

/** From `minimum` to `minimum` + 5 pieces, one after the other. */
export function randomText(random: Random, pieces: Texts, minimum: number): string {
  return Array.from({ length: minimum + random.below(6) }, () => random.pick(pieces)).join("");
}

/** A name that line protocol can hold everywhere: it neither begins with a tab nor ends in a backslash. */
function name(random: Random, pieces: Texts): string {
  return `${randomText(random, pieces, 0)}${random.pick(["x", "é", "1"])}`.replace(/^\t+/, "");
}

function uniqueNames(random: Random, count: number, pieces: Texts): string[] {
  return [...new Set(Array.from({ length: count }, () => name(random, pieces)))];
}

function randomNumber(random: Random): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setUint32(0, random.below(2 ** 32));
  bits.setUint32(4, random.below(2 ** 32));
  const any = bits.getFloat64(0);
  return random.pick([random.below(1000), -random.next(), Number.isFinite(any) ? any : 0, 1e21, -0, 5e-324]);
}

export function randomPoint(random: Random): RandomPoint {
  return {
    measurement: `m${name(random, NAME_PIECES)}`,
    tags: uniqueNames(random, random.below(4), TAG_PIECES).map((tag) => [tag, name(random, TAG_PIECES)]),
    fields: uniqueNames(random, 1 + random.below(3), NAME_PIECES).map((field) => ({
      name: field,
      value: random.below(3) === 0 ? randomText(random, STRING_PIECES, 0) : randomNumber(random),
    })),
    timestampMs: random.below(4) === 0 ? undefined : random.below(2 ** 41) - 2 ** 40,
  };
}

/** How lines may end: with anything that is nothing. */
export const LINE_ENDS: Texts = ["\n", "\r\n", "\n\n", "\n# c\n"];

/** A point as a line, times in milliseconds. Shares nothing with the parser. */
export function encodePoint(
  random: Random,
  { measurement, tags, fields, timestampMs }: RandomPoint,
  lineEnds: Texts,
): string {
  const key = (given: string) => given.replaceAll(",", "\\,").replaceAll("=", "\\=").replaceAll(" ", "\\ ");
  const number = (value: number) =>
    Object.is(value, -0) ? "-0" : String(value).replace("e+", random.pick(["e+", "E", "e"]));
  const string = (value: string) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const head = [key(measurement), ...tags.map(([tag, value]) => `${key(tag)}=${key(value)}`)].join(",");
  const values = fields.map((field) => {
    const value = typeof field.value === "string" ? string(field.value) : number(field.value);
    return `${key(field.name)}=${value}`;
  });
  const time = timestampMs === undefined ? "" : ` ${timestampMs}`;
  return `${head} ${values.join(",")}${time}${random.pick(lineEnds)}`;
}
