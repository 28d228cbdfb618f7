import snappy from "snappyjs";
import { METRIC_TYPES, type MetricType } from "../../../shared/registry-record.ts";
import { ProtobufWriter, varintSize } from "./protobuf-writer.ts";

/*
 * Remote-write 1.0, requests that hold metadata alone:
 *   WriteRequest   { repeated MetricMetadata metadata = 3 }
 *   MetricMetadata { MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5 }
 */

const METADATA_TAG = 0x1a;
const TYPE_TAG = 0x08;
const NAME_TAG = 0x12;
const HELP_TAG = 0x22;
const UNIT_TAG = 0x2a;
/** The tag of the type and its one byte. */
const TYPE_BYTES = 2;

/** What a metric family is. */
export interface FamilyMetadata {
  readonly familyName: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
}

export interface MetadataLimits {
  readonly maxFamilies: number;
  /** Before compression. A family that is larger by itself still makes a request. */
  readonly maxBytes: number;
}

/** Cuts families into what one request may hold. */
export function* cutFamilies(
  families: readonly FamilyMetadata[],
  { maxFamilies, maxBytes }: MetadataLimits,
): Generator<readonly FamilyMetadata[]> {
  let batch: FamilyMetadata[] = [];
  let bytes = 0;
  for (const family of families) {
    const size = fieldSize(sizesOf(family).message);
    if (batch.length > 0 && (batch.length === maxFamilies || bytes + size > maxBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(family);
    bytes += size;
  }
  if (batch.length > 0) {
    yield batch;
  }
}

/** The body of a request: a snappy block of a WriteRequest. */
export function encodeMetadataBody(families: readonly FamilyMetadata[]): Buffer {
  const sizes = families.map(sizesOf);
  const writer = new ProtobufWriter(sizes.reduce((sum, { message }) => sum + fieldSize(message), 0));
  for (const [i, { familyName, type, help, unit }] of families.entries()) {
    const size = sizes[i] ?? { message: 0, name: 0, help: 0, unit: 0 };
    writer.head(METADATA_TAG, size.message);
    writer.head(TYPE_TAG, METRIC_TYPES.indexOf(type));
    writer.text(NAME_TAG, familyName, size.name);
    writer.text(HELP_TAG, help, size.help);
    writer.text(UNIT_TAG, unit, size.unit);
  }
  const { buffer, byteOffset, byteLength } = snappy.compress(new Uint8Array(writer.bytes));
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Bytes of the texts, and of the whole message without its tag and length. */
interface Sizes {
  readonly name: number;
  readonly help: number;
  readonly unit: number;
  readonly message: number;
}

function sizesOf(family: FamilyMetadata): Sizes {
  const name = Buffer.byteLength(family.familyName);
  const help = Buffer.byteLength(family.help);
  const unit = Buffer.byteLength(family.unit);
  return { name, help, unit, message: TYPE_BYTES + fieldSize(name) + fieldSize(help) + fieldSize(unit) };
}

/** Bytes of a field that has a length: tag, length, and what it holds. */
function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}
