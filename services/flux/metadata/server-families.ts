import { decodeMetadata, metadataContent } from "../../shared/metadata-record.ts";
import type { MetricType } from "../../shared/registry-record.ts";
import { typeOfSample } from "./sample-type.ts";

/** A hash of bytes that tells two records apart. */
export type Digest = (bytes: Uint8Array) => bigint;

/** What is remembered of a family: enough to know its type and to recognise what Redis holds of it. */
interface KnownFamily {
  readonly type: MetricType;
  readonly digest: bigint;
  readonly writtenHour: number;
}

/** The metric families of one server, as Redis had them when it was last asked or written to. */
export class ServerFamilies {
  readonly #families = new Map<string, KnownFamily>();
  readonly #digest: Digest;

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  get size(): number {
    return this.#families.size;
  }

  /** Remembers that Redis holds this record. One that cannot be read is as good as none. */
  learn(familyName: string, record: Buffer): void {
    const known = decodeMetadata(record);
    if (known) {
      const { type, writtenHour } = known;
      this.#families.set(familyName, { type, writtenHour, digest: this.#digest(metadataContent(record)) });
    }
  }

  /** Whether Redis holds the same, written at `sinceHour` or later. */
  holds(familyName: string, record: Buffer, sinceHour: number): boolean {
    const known = this.#families.get(familyName);
    return (
      known !== undefined && known.writtenHour >= sinceHour && known.digest === this.#digest(metadataContent(record))
    );
  }

  /** The type of a series, by its metric name. */
  typeOf(metricName: string): MetricType {
    return typeOfSample(metricName, (familyName) => this.#families.get(familyName)?.type);
  }
}
