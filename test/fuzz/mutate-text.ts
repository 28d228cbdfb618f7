import type { Random } from "../support/random.ts";
import type { Corruption } from "./mutate-bytes.ts";

/** Pieces for `mutateBytes`, written as text where they are any. */
export function piecesOf(first: string | Buffer, ...others: readonly (string | Buffer)[]): Corruption["pieces"] {
  return [Buffer.from(first), ...others.map((piece) => Buffer.from(piece))];
}

/** The words, blanks and signs of a text, in bytes that need not be UTF-8. */
const TOKEN = /[A-Za-z0-9_.+-]+|\s+|[^A-Za-z0-9_.+\s-]/g;

/** Takes words and signs of a text away, doubles, exchanges and replaces them, so that each stays whole. */
export function shuffleTokens(random: Random, text: Buffer, { pieces }: Pick<Corruption, "pieces">): Buffer {
  const tokens = text.toString("latin1").match(TOKEN) ?? [];
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(tokens.length + 1);
    const piece = random.pick(pieces).toString("latin1");
    const other = tokens[random.below(tokens.length)] ?? "";
    const mutations = [
      () => tokens.splice(at, 1 + random.below(3)),
      () => tokens.splice(at, 0, other),
      () => tokens.splice(at, 0, piece),
      () => tokens.splice(at, 1, piece),
      () => tokens.splice(at, 1, other),
      () => tokens.splice(at, 0, ...Array<string>(random.below(50) === 0 ? 1000 : 3).fill(random.pick([piece, other]))),
    ] as const;
    random.pick(mutations)();
  }
  return Buffer.from(tokens.join(""), "latin1");
}
