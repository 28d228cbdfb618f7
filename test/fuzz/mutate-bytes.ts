import type { Random } from "../support/random.ts";

/** What inputs are made corrupt with. */
export interface Corruption {
  /** Pieces that mean something, or something bad, to the parser. */
  readonly pieces: readonly [Buffer, ...Buffer[]];
  /** Another input, of which parts may come in. */
  readonly donor: Buffer;
}

type Mutation = (random: Random, bytes: Buffer, corruption: Corruption) => Buffer;

/** A text of these pieces takes a parser deep or far. */
const MAX_REPEATS = 2000;
const MAX_BYTES = 32 * 1024;

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  flipBits,
  setBytes,
  (random, bytes) => bytes.subarray(0, random.below(bytes.length + 1)),
  (random, bytes) => bytes.subarray(random.below(bytes.length + 1)),
  (random, bytes) => replaceRange(bytes, range(random, bytes, 20), Buffer.alloc(0)),
  (random, bytes, { pieces }) => replaceRange(bytes, range(random, bytes, 0), random.pick(pieces)),
  (random, bytes, { pieces }) => replaceRange(bytes, range(random, bytes, 8), random.pick(pieces)),
  (random, bytes, { donor }) => replaceRange(bytes, range(random, bytes, 30), slice(donor, range(random, donor, 60))),
  (random, bytes, { donor }) => Buffer.concat([cut(random, bytes), donor.subarray(random.below(donor.length + 1))]),
  (random, bytes) => replaceRange(bytes, range(random, bytes, 0), slice(bytes, range(random, bytes, 60))),
  repeatPiece,
];

/** Makes bytes corrupt in one to four places; or, now and then, in a hundred. */
export function mutateBytes(random: Random, bytes: Buffer, corruption: Corruption): Buffer {
  let corrupt = bytes;
  for (let rounds = random.below(200) === 0 ? 100 : 1 + random.below(4); rounds > 0; rounds--) {
    corrupt = random.pick(MUTATIONS)(random, corrupt, corruption).subarray(0, MAX_BYTES);
  }
  return corrupt;
}

function flipBits(random: Random, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  for (let flips = 1 + random.below(4); flips > 0 && changed.length > 0; flips--) {
    const at = random.below(changed.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
  }
  return changed;
}

function setBytes(random: Random, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  for (let sets = 1 + random.below(4); sets > 0 && changed.length > 0; sets--) {
    changed[random.below(changed.length)] = random.pick([random.below(256), 0, 0x7f, 0x80, 0xff]);
  }
  return changed;
}

function repeatPiece(random: Random, bytes: Buffer, { pieces }: Corruption): Buffer {
  const piece = random.pick([random.pick(pieces), slice(bytes, range(random, bytes, 12))]);
  // Seldom many, which take time.
  const repeats = random.below(50) === 0 ? random.below(MAX_REPEATS) : random.below(10);
  return replaceRange(bytes, range(random, bytes, 0), Buffer.concat(Array(repeats).fill(piece)));
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** A range of at most so many bytes. */
function range(random: Random, bytes: Buffer, most: number): Range {
  const start = random.below(bytes.length + 1);
  return { start, end: Math.min(bytes.length, start + random.below(most + 1)) };
}

function cut(random: Random, bytes: Buffer): Buffer {
  return bytes.subarray(0, random.below(bytes.length + 1));
}

function slice(bytes: Buffer, { start, end }: Range): Buffer {
  return bytes.subarray(start, end);
}

function replaceRange(bytes: Buffer, { start, end }: Range, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);
}
