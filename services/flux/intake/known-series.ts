import { highHalf, idOfHalves, lowHalf } from "../../shared/id-halves.ts";
import { moved } from "../../shared/moved-column.ts";
import { RECORD_LENGTH_BYTES } from "../../shared/registrations.ts";
import type { SeriesId } from "../../shared/series.ts";
import { RecordSpace } from "./record-space.ts";
import { type HashSecret, SeriesById, type SeriesKey } from "./series-by-id.ts";

/** What a known series begins with. */
export interface NewSeries extends SeriesKey {
  shard: number;
  /** Where `records` holds what the registry is to hold of it, behind its length (`registrations.ts`). */
  recordAt: number;
  recordBytes: number;
  /** Tells the labels that it was sent with; undefined where its id does. */
  sourceId: SeriesId | undefined;
}

const FIRST_ROOM = 64;

/**
 * Series that are kept, numbered from 0 on. One number for each series and stream, whatever the order its labels come in, so
 * that facts about it (its id, where it is registered) are written once and seen by all.
 *
 * There are millions of them: what is known is in columns, which V8 need not search for garbage, about 40 bytes a series;
 * the bytes of the records, too, lie outside of its heap. A column is another array once there are more series: read it anew
 * after whatever may add some.
 */
export class KnownSeries {
  /** The ids, as signed numbers of 32 bits: the low half of series 0, its high half, the low half of series 1, … */
  idHalves = new Int32Array(2 * FIRST_ROOM);
  shards = new Uint16Array(FIRST_ROOM);
  /** Which registration of its shard each is part of: see `ShardState.registration`. 0: none. */
  registrations = new Int32Array(FIRST_ROOM);
  /** Which round of asking limit and quota admitted each in: see `SeriesAdmission`. 0: none. */
  admissions = new Int32Array(FIRST_ROOM);
  /** Number of the request that last held each; tells when one request holds it twice. */
  lastRequests = new Int32Array(FIRST_ROOM);
  readonly records = new RecordSpace();
  #streams = new Uint32Array(FIRST_ROOM);
  #recordAts = new Float64Array(FIRST_ROOM);
  #recordBytes = new Uint32Array(FIRST_ROOM);
  /** Of those few whose ids do not tell the labels that they were sent with. */
  readonly #sourceIds = new Map<number, SeriesId>();
  readonly #byId: SeriesById;
  #size = 0;
  /** Who has adopted series of it, if anybody has; and their numbers there + 1. Their records are there, and here no more. */
  #heir: KnownSeries | undefined;
  #successors = new Uint32Array(0);

  constructor(secret: HashSecret) {
    this.#byId = new SeriesById(this, secret);
  }

  get size(): number {
    return this.#size;
  }

  /** Numbers a series. From now on `find` gives this one, should there be others with its id in the stream. */
  add(series: NewSeries): number {
    const number = this.#size++;
    if (number === this.shards.length) {
      this.#grow();
    }
    this.idHalves[2 * number] = series.idLow;
    this.idHalves[2 * number + 1] = series.idHigh;
    this.shards[number] = series.shard;
    this.#streams[number] = series.stream;
    this.#recordAts[number] = series.recordAt;
    this.#recordBytes[number] = series.recordBytes;
    this.records.use(series.recordAt);
    if (series.sourceId !== undefined) {
      this.#sourceIds.set(number, series.sourceId);
    }
    this.#byId.put(number, series);
    return number;
  }

  /** Adds a series that others know, with all that they know of it, unless that was done before. @returns its number here. */
  adopt(others: KnownSeries, series: number): number {
    const successor = others.#successors[series] ?? 0;
    if (successor !== 0) {
      return successor - 1;
    }
    const number = this.add({
      ...others.keyOf(series),
      shard: others.shards[series] ?? 0,
      recordAt: this.records.hold(others.#lengthAndRecordOf(series)) + RECORD_LENGTH_BYTES,
      recordBytes: others.recordBytesOf(series),
      sourceId: others.#sourceIds.get(series),
    });
    this.registrations[number] = others.registrations[series] ?? 0;
    this.admissions[number] = others.admissions[series] ?? 0;
    others.#leave(series, this, number);
    return number;
  }

  #leave(series: number, heir: KnownSeries, successor: number): void {
    if (!this.#heir) {
      this.#heir = heir;
      this.#successors = new Uint32Array(this.#size);
    }
    this.#successors[series] = successor + 1;
    this.records.release(this.#recordAts[series] ?? 0);
  }

  /** The series of a stream that has this id now. */
  find(key: SeriesKey): number | undefined {
    return this.#byId.find(key);
  }

  idOf(series: number): SeriesId {
    const { idLow, idHigh } = this.keyOf(series);
    return idOfHalves(idLow, idHigh);
  }

  /** Called once for a series, if the id turns out to be another series' (DESIGN 5.5). */
  changeId(series: number, id: SeriesId): void {
    this.#sourceIds.set(series, this.sourceIdOf(series));
    this.idHalves[2 * series] = lowHalf(id);
    this.idHalves[2 * series + 1] = highHalf(id);
  }

  /** Tells the labels that a series had when it was first seen: others that end up here were merged by a rule. */
  sourceIdOf(series: number): SeriesId {
    return this.#sourceIds.get(series) ?? this.idOf(series);
  }

  /** What the registry holds of it, but for its type. Not to be written to. */
  recordOf(series: number): Buffer {
    return this.#lengthAndRecordOf(series).subarray(RECORD_LENGTH_BYTES);
  }

  recordBytesOf(series: number): number {
    return this.#recordBytes[series] ?? 0;
  }

  /** Copies the records of series, each behind its length. Those that stand one behind the other are copied together. */
  copyRecords(series: readonly number[], target: Buffer): void {
    let to = 0;
    let start = 0;
    let bytes = 0;
    for (const one of series) {
      if (this.#heir) {
        // A request was on its way while the halves turned.
        target.set(this.#lengthAndRecordOf(one), to);
        to += RECORD_LENGTH_BYTES + this.recordBytesOf(one);
        continue;
      }
      const lengthAt = (this.#recordAts[one] ?? 0) - RECORD_LENGTH_BYTES;
      if (lengthAt !== start + bytes) {
        to = this.records.copy(start, bytes, target, to);
        start = lengthAt;
        bytes = 0;
      }
      bytes += RECORD_LENGTH_BYTES + this.recordBytesOf(one);
    }
    this.records.copy(start, bytes, target, to);
  }

  #lengthAndRecordOf(series: number): Buffer {
    const successor = this.#successors[series] ?? 0;
    return this.#heir && successor !== 0
      ? this.#heir.#lengthAndRecordOf(successor - 1)
      : this.records.at(
          (this.#recordAts[series] ?? 0) - RECORD_LENGTH_BYTES,
          RECORD_LENGTH_BYTES + this.recordBytesOf(series),
        );
  }

  keyOf(series: number): SeriesKey {
    return {
      stream: this.#streams[series] ?? 0,
      idLow: this.idHalves[2 * series] ?? 0,
      idHigh: this.idHalves[2 * series + 1] ?? 0,
    };
  }

  isSame(series: number, { stream, idLow, idHigh }: SeriesKey): boolean {
    return (
      this.idHalves[2 * series] === idLow &&
      this.idHalves[2 * series + 1] === idHigh &&
      this.#streams[series] === stream
    );
  }

  #grow(): void {
    const room = 2 * this.shards.length;
    this.idHalves = moved(this.idHalves, new Int32Array(2 * room));
    this.shards = moved(this.shards, new Uint16Array(room));
    this.registrations = moved(this.registrations, new Int32Array(room));
    this.admissions = moved(this.admissions, new Int32Array(room));
    this.lastRequests = moved(this.lastRequests, new Int32Array(room));
    this.#streams = moved(this.#streams, new Uint32Array(room));
    this.#recordAts = moved(this.#recordAts, new Float64Array(room));
    this.#recordBytes = moved(this.#recordBytes, new Uint32Array(room));
  }
}
