import type { ByteSpace } from "../../shared/byte-space.ts";
import type { SeriesId } from "../../shared/series.ts";

/** What a known series begins with. */
export interface NewSeries {
  /** The id that it wants first. */
  readonly id: SeriesId;
  readonly shard: number;
  /** What the registry is to hold of it. */
  readonly record: Buffer;
  /** Tells the labels that it was sent with. */
  readonly sourceId: SeriesId;
}

/**
 * A series that is kept. One object per series and stream, whatever the order its labels come in, so that facts about
 * it (its id, where it is registered) are written once and seen by all.
 *
 * There are millions of them: numbers of 32 bits lie in the object itself, the bytes of the record outside of the heap that
 * V8 searches for garbage, and the series is its own verdict: kept, and not merged with another.
 */
export class KnownSeries {
  readonly shard: number;
  /** Which registration of its shard it is part of: see `ShardState.registration`. 0: none. */
  registration = 0;
  /** Which round of asking limit and quota admitted it in: see `SeriesAdmission`. 0: none. */
  admission = 0;
  /** Number of the request that last held it; tells when one request holds it twice. */
  lastRequest = 0;
  /** The halves of the id, as signed numbers of 32 bits. */
  idLow: number;
  idHigh: number;
  /** Undefined where the id tells the labels that it was sent with. */
  #sourceId: SeriesId | undefined;
  #chunk: Buffer;
  #recordAt = 0;
  readonly #recordBytes: number;

  constructor({ id, shard, record, sourceId }: NewSeries) {
    this.shard = shard;
    this.idLow = lowOf(id);
    this.idHigh = highOf(id);
    this.#sourceId = sourceId === id ? undefined : sourceId;
    this.#chunk = record;
    this.#recordBytes = record.length;
  }

  get kind(): "keep" {
    return "keep";
  }

  get series(): this {
    return this;
  }

  get merged(): false {
    return false;
  }

  /** Its id. */
  get id(): SeriesId {
    return (BigInt(this.idHigh >>> 0) << 32n) | BigInt(this.idLow >>> 0);
  }

  /** Set once, if the id turns out to be another series' (DESIGN 5.5). */
  set id(id: SeriesId) {
    this.#sourceId ??= this.id;
    this.idLow = lowOf(id);
    this.idHigh = highOf(id);
  }

  /** What the registry holds of it, but for its type. Not to be written to. */
  get record(): Buffer {
    return this.#chunk.subarray(this.#recordAt, this.#recordAt + this.#recordBytes);
  }

  get recordBytes(): number {
    return this.#recordBytes;
  }

  /** Whether it was sent with these labels when it was first seen: others that end up here were merged by a rule. */
  isOf(sourceId: SeriesId): boolean {
    return (this.#sourceId ?? this.id) === sourceId;
  }

  /** Gives its record a place in this space. */
  moveRecord(space: ByteSpace): void {
    const { chunk, start } = space.keep(this.record);
    this.#chunk = chunk;
    this.#recordAt = start;
  }
}

function lowOf(id: SeriesId): number {
  return Number(BigInt.asIntN(32, id));
}

function highOf(id: SeriesId): number {
  return Number(BigInt.asIntN(32, id >> 32n));
}
