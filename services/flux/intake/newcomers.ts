import { type DecodedWriteRequest, RECORD_ROW, RECORD_ROW_WORDS, type SeriesRecords } from "../../kernel/codec.ts";
import { highHalf, idOfHalves, lowHalf } from "../../shared/id-halves.ts";
import { behindLength, RECORD_LENGTH_BYTES } from "../../shared/registrations.ts";
import { RECORD_HEADER_BYTES } from "../../shared/registry-record.ts";
import { shardOf } from "../../shared/series-id.ts";
import { BLOCK_FORMAT } from "./buffer-format.ts";
import type { NewSeries } from "./known-series.ts";
import type { Recalled, StreamSeries } from "./series-table.ts";
import { type Deciding, decideSeries, type StoredSeries } from "./stream.ts";
import { isMerged, UNKNOWN } from "./verdicts.ts";

/** Series whose records are made at once. */
const AT_ONCE = 512;

/** The records of some series that follow one another among the unknown ones. */
interface Batch {
  readonly records: SeriesRecords | undefined;
  /** Where the stream's half holds their bytes. */
  readonly recordsAt: number;
}

/**
 * Decides about the series of a request that its stream has not seen, one after the other. What the codec can name by itself
 * is named many at a time; of what is left, the labels are looked at.
 */
export class Newcomers {
  readonly #request: DecodedWriteRequest;
  readonly #unknown: Recalled["unknown"];
  readonly #stream: StreamSeries;
  readonly #deciding: Deciding;
  /** The series that is about to be kept, always the same object: there may be many thousands. */
  readonly #series: NewSeries;
  #next = 0;
  #batch: Batch | undefined;
  #mergedSeries = 0;

  constructor(request: DecodedWriteRequest, { unknown }: Recalled, stream: StreamSeries, deciding: Deciding) {
    this.#request = request;
    this.#unknown = unknown;
    this.#stream = stream;
    this.#deciding = deciding;
    this.#series = {
      ...{ stream: stream.number, idLow: 0, idHigh: 0, shard: 0 },
      ...{ recordAt: 0, recordBytes: 0, sourceId: undefined },
    };
  }

  /** Label sets met for the first time that a rule made the same as another's. */
  get mergedSeries(): number {
    return this.#mergedSeries;
  }

  /**
   * Decides about the next one, and has the stream remember it.
   * @returns the code of the verdict; undefined when its labels are not protobuf or rules have exceeded their budget.
   */
  decideNext(): number | undefined {
    const { verdicts } = this.#stream;
    const number = this.#unknown.numbers[this.#next] ?? 0;
    const position = this.#unknown.positions[this.#next] ?? 0;
    const batch = this.#nextBatch();
    const row = (this.#next++ % AT_ONCE) * RECORD_ROW_WORDS;
    // The request may hold a new series twice.
    const known = verdicts.codeOf(number);
    if (known !== UNKNOWN) {
      return known;
    }
    const code = this.#keepAtOnce(batch, row) ?? this.#decideByLabels(position);
    if (code === undefined) {
      return undefined;
    }
    if (code > UNKNOWN && isMerged(code)) {
      this.#countMerged(position, code);
    }
    verdicts.note(number, code);
    return code;
  }

  #nextBatch(): Batch {
    if (this.#batch && this.#next % AT_ONCE !== 0) {
      return this.#batch;
    }
    const { stream, verdicts } = this.#stream;
    const { codec, format = BLOCK_FORMAT } = this.#deciding;
    const records =
      stream.rules.dropsMetrics || format !== BLOCK_FORMAT
        ? undefined
        : codec.recordsOf(this.#request, this.#unknown.positions.slice(this.#next, this.#next + AT_ONCE), stream.terms);
    this.#batch = { records, recordsAt: records ? verdicts.known.records.hold(records.bytes) : 0 };
    return this.#batch;
  }

  /** @returns undefined where its labels have to be looked at: because of rules, or because of what they are. */
  #keepAtOnce({ records, recordsAt }: Batch, row: number): number | undefined {
    const recordBytes = records?.rows[row + RECORD_ROW.bytes] ?? 0;
    if (!records || recordBytes === 0 || !this.#isWithinLimits(records.rows, row)) {
      return undefined;
    }
    const { rows } = records;
    const series = this.#series;
    series.idLow = rows[row + RECORD_ROW.id] ?? 0;
    series.idHigh = rows[row + RECORD_ROW.id + 1] ?? 0;
    series.shard = this.#shardOf(series.idLow, series.idHigh);
    series.recordAt = recordsAt + (rows[row + RECORD_ROW.start] ?? 0);
    series.recordBytes = recordBytes;
    series.sourceId = undefined;
    return this.#stream.keep(series);
  }

  #isWithinLimits(rows: Int32Array, row: number): boolean {
    const { limits } = this.#deciding;
    return (
      (rows[row + RECORD_ROW.labels] ?? 0) <= limits.maxLabels &&
      (rows[row + RECORD_ROW.nameBytes] ?? 0) <= limits.maxLabelNameBytes &&
      (rows[row + RECORD_ROW.valueBytes] ?? 0) <= limits.maxLabelValueBytes &&
      (rows[row + RECORD_ROW.bytes] ?? 0) - RECORD_HEADER_BYTES <= limits.maxSeriesBytes
    );
  }

  #shardOf(idLow: number, idHigh: number): number {
    const { shards } = this.#deciding;
    return shards === 1 ? 0 : shardOf(idOfHalves(idLow, idHigh), shards);
  }

  #decideByLabels(position: number): number | undefined {
    const { stream, verdicts } = this.#stream;
    const raw = this.#request.series.at(position);
    const decided = decideSeries(raw?.rawLabels ?? "", stream, this.#deciding);
    if (decided.kind === "malformed" || stream.rules.budget?.isExceeded === true) {
      return undefined;
    }
    return decided.kind === "keep" ? this.#keep(decided) : verdicts.reject(decided);
  }

  #keep({ id, record, sourceId }: StoredSeries): number {
    return this.#stream.keep({
      stream: this.#stream.number,
      idLow: lowHalf(id),
      idHigh: highHalf(id),
      shard: shardOf(id, this.#deciding.shards),
      recordAt: this.#stream.verdicts.known.records.hold(behindLength(record)) + RECORD_LENGTH_BYTES,
      recordBytes: record.length,
      sourceId,
    });
  }

  /** Some codecs recognise one label set by several things; as a merged one it counts once. */
  #countMerged(position: number, merged: number): void {
    const rawLabels = this.#request.series.at(position)?.rawLabels ?? "";
    const byLabels = { rawLabels, firstSample: 0, sampleCount: 1, histogramCount: 0, exemplarCount: 0 };
    const { number, code } = this.#stream.recall(byLabels);
    if (code === UNKNOWN) {
      this.#mergedSeries++;
      this.#stream.verdicts.note(number, merged);
    }
  }
}
