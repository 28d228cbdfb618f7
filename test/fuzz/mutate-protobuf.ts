import type { Random } from "../support/random.ts";

/*
 * Makes protobuf corrupt where a walk of bytes seldom gets: in one field, somewhere in the tree, with the lengths
 * around it right again.
 */

/** A field as it is written: its tag's two halves, and the bytes after the tag without the length, if it has one. */
interface Field {
  readonly number: number;
  readonly wireType: number;
  readonly value: Buffer;
  /** What the length says where that is not the truth. */
  readonly declaredLength?: bigint;
}

const LENGTH_DELIMITED = 2;
const HUGE: readonly [bigint, ...bigint[]] = [
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 35n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const BAD_TEXTS: readonly [Buffer, ...Buffer[]] = [
  Buffer.alloc(0),
  Buffer.from([0xff]),
  Buffer.from([0xc3, 0x28]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from("_tenant_id"),
  Buffer.from("__name__"),
  Buffer.from("\ufeffx\0"),
  Buffer.alloc(5000, "x"),
];

/** Makes one field of a message corrupt, at any depth. The bytes come back as they are where they are no message. */
export function mutateProtobuf(random: Random, message: Buffer, depth = 0): Buffer {
  const fields = readFields(message);
  if (!fields || fields.length === 0) {
    return random.pick([message, random.pick(BAD_TEXTS)]);
  }
  const at = random.below(fields.length);
  const chosen = fields[at];
  if (!chosen) {
    return message;
  }
  if (chosen.wireType === LENGTH_DELIMITED && depth < 4 && random.below(4) > 0) {
    const value = mutateProtobuf(random, chosen.value, depth + 1);
    return writeFields(fields.with(at, { ...chosen, value }));
  }
  return writeFields(random.pick(MUTATIONS)(random, fields, at, chosen));
}

type Mutation = (random: Random, fields: readonly Field[], at: number, chosen: Field) => readonly Field[];

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  (_random, fields, at) => fields.toSpliced(at, 1),
  (random, fields, at, chosen) => fields.toSpliced(at, 0, ...Array<Field>(repeats(random)).fill(chosen)),
  (random, fields, at, chosen) => {
    const other = random.below(fields.length);
    return fields.with(at, fields[other] ?? chosen).with(other, chosen);
  },
  (random, fields, at, chosen) => fields.with(at, { ...chosen, number: random.pick([0, 1, 2, 3, 4, 6, 2 ** 29 - 1]) }),
  (random, fields, at, chosen) => fields.with(at, { ...chosen, wireType: random.below(8) }),
  (random, fields, at, chosen) => {
    const length = BigInt(chosen.value.length);
    return fields.with(at, { ...chosen, declaredLength: random.pick([length + 1n, length / 2n, ...HUGE]) });
  },
  (random, fields, at, chosen) => fields.with(at, { ...chosen, value: badValue(random, chosen) }),
  (random, fields, at, chosen) => fields.with(at, nest(chosen, repeats(random))),
];

function repeats(random: Random): number {
  return random.below(50) === 0 ? 500 : 1 + random.below(3);
}

function badValue(random: Random, { wireType, value }: Field): Buffer {
  if (wireType === 0) {
    return random.pick([varint(random.pick(HUGE)), Buffer.alloc(11, 0xff), Buffer.from([0x80])]);
  }
  return wireType === LENGTH_DELIMITED ? random.pick(BAD_TEXTS) : Buffer.from(value.map(() => random.below(256)));
}

/** The field inside itself, so many times. */
function nest(field: Field, times: number): Field {
  let nested = field;
  for (let i = 0; i < times; i++) {
    nested = { number: field.number, wireType: LENGTH_DELIMITED, value: writeFields([nested]) };
  }
  return nested;
}

/** @returns undefined where the bytes are no message. */
function readFields(bytes: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  let position = 0;
  while (position < bytes.length) {
    const tag = readVarint(bytes, position);
    if (!tag) {
      return undefined;
    }
    const wireType = tag.value & 7;
    const body = bodyOf(bytes, tag.next, wireType);
    if (!body) {
      return undefined;
    }
    fields.push({ number: tag.value >>> 3, wireType, value: bytes.subarray(body.start, body.end) });
    position = body.end;
  }
  return fields;
}

function bodyOf(bytes: Buffer, start: number, wireType: number): { start: number; end: number } | undefined {
  const fixed: Partial<Record<number, number>> = { 1: 8, 5: 4 };
  const number = wireType === 0 || wireType === LENGTH_DELIMITED ? readVarint(bytes, start) : undefined;
  const bodyStart = wireType === LENGTH_DELIMITED ? number?.next : start;
  const end = wireType === 0 ? number?.next : (bodyStart ?? 0) + (fixed[wireType] ?? number?.value ?? bytes.length + 1);
  return bodyStart === undefined || end === undefined || end > bytes.length ? undefined : { start: bodyStart, end };
}

/** A varint; exact below 2^53, as those of valid messages are where it matters. */
function readVarint(bytes: Buffer, start: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) {
      return undefined;
    }
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      return { value, next: start + i + 1 };
    }
  }
  return undefined;
}

function writeFields(fields: readonly Field[]): Buffer {
  const parts = fields.flatMap(({ number, wireType, value, declaredLength }) => {
    const tag = varint(BigInt(number) * 8n + BigInt(wireType));
    const hasLength = wireType === LENGTH_DELIMITED || declaredLength !== undefined;
    return hasLength ? [tag, varint(declaredLength ?? BigInt(value.length)), value] : [tag, value];
  });
  return Buffer.concat(parts);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}
