import type { DecodedWriteRequest, RawSeries } from "../../kernel/codec.ts";
import type { DropReason, SeriesRefusal } from "../reasons.ts";
import { BLOCK_FORMAT } from "./buffer-format.ts";
import { keepAll } from "./keep-all.ts";
import type { KnownSeries } from "./known-series.ts";
import { Newcomers } from "./newcomers.ts";
import { overwrittenSamples } from "./overwritten-samples.ts";
import type { StreamSeries } from "./series-table.ts";
import type { Deciding } from "./stream.ts";
import { outOfBounds, type TimeBounds } from "./time-bounds.ts";
import { isMerged, seriesOf, UNKNOWN, type Verdicts } from "./verdicts.ts";

/** All bits of a double but its sign; and those of infinity, above which all are NaNs. */
const MAGNITUDE_BITS = 0x7fffffffffffffffn;
const INFINITY_BITS = 0x7ff0000000000000n;

/** Samples that are to be stored: entry i of each column belongs to sample i. */
export interface KeptSamples {
  /** The number that its series has in `known`. */
  readonly series: Uint32Array;
  readonly known: KnownSeries;
  readonly timestampsMs: Float64Array;
  readonly valueBits: BigUint64Array;
}

/** A series of a request that was refused, or some samples of it. */
export interface SeriesRefused {
  /** Its position in the request. */
  readonly series: number;
  readonly reason: SeriesRefusal;
  readonly detail: string;
}

/** What a request comes to. `received = kept + all dropped + all refused`, in samples. */
export interface Intake {
  readonly received: number;
  readonly kept: KeptSamples;
  /** For each kept sample the position of its series in the request. */
  readonly keptPositions: Uint32Array;
  readonly dropped: ReadonlyMap<DropReason, number>;
  readonly refused: ReadonlyMap<SeriesRefusal, number>;
  /** What was refused and why, in words for the sender, in the order of the request. */
  readonly refusals: readonly SeriesRefused[];
  /** Label sets met for the first time that a rule made the same as another's. */
  readonly mergedSeries: number;
  /** Label sets of this request that a rule makes the same as another's, met before or not; undefined if there are none. */
  readonly merges: { readonly labelSets: number; readonly firstRecord: Buffer } | undefined;
  readonly exemplars: number;
}

/**
 * Sorts a request's samples into kept, dropped and refused. Pure but for what the stream's part of the series table
 * learns.
 * @returns undefined when the labels of a series are not protobuf, so that the body is malformed after all, or when
 * the sender's rules have exceeded their budget (`rules.budget`), so that nothing can be said of its series.
 */
export function takeIn(
  request: DecodedWriteRequest,
  stream: StreamSeries,
  deciding: Deciding,
  bounds: TimeBounds,
): Intake | undefined {
  const { holdsNan } = deciding.format ?? BLOCK_FORMAT;
  const recalled = stream.recallAll(request);
  const plain = holdsNan ? takeWhole(request, recalled.codes, stream, bounds) : undefined;
  if (plain) {
    return plain;
  }
  const sorting = new Sorting(request, stream, bounds, holdsNan);
  const newcomers = new Newcomers(request, recalled, stream, deciding);
  const { budget } = stream.stream.rules;
  budget?.begin();
  for (let position = 0; position < recalled.codes.length; position++) {
    const code = recalled.codes[position] || newcomers.decideNext();
    if (code === undefined) {
      return undefined;
    }
    sorting.add(position, code);
  }
  return sorting.finish(newcomers.mergedSeries);
}

/** @returns undefined where not every sample is simply kept. */
function takeWhole(
  request: DecodedWriteRequest,
  codes: Int32Array,
  stream: StreamSeries,
  bounds: TimeBounds,
): Intake | undefined {
  const { known } = stream.verdicts;
  const { hasOneSampleEach, timestampsMs, valueBits } = request;
  const series = hasOneSampleEach
    ? keepAll({ request, codes, known, number: stream.nextRequest(), bounds })
    : undefined;
  return (
    series && {
      received: series.length,
      kept: { series, known, timestampsMs, valueBits },
      keptPositions: firstNumbers(series.length),
      dropped: new Map(),
      refused: new Map(),
      refusals: [],
      mergedSeries: 0,
      merges: undefined,
      exemplars: 0,
    }
  );
}

/** 0, 1, 2, … */
function firstNumbers(count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    numbers[i] = i;
  }
  return numbers;
}

/** What a series of a request holds beside its labels. */
type Held = Omit<RawSeries, "rawLabels">;

function oneSample(row: number): Held {
  return { firstSample: row, sampleCount: 1, histogramCount: 0, exemplarCount: 0 };
}

/** The counts and columns of one request while it is sorted. */
class Sorting {
  readonly #request: DecodedWriteRequest;
  readonly #verdicts: Verdicts;
  readonly #number: number;
  readonly #bounds: TimeBounds;
  readonly #holdsNan: boolean;
  readonly #dropped = new Map<DropReason, number>();
  readonly #refused = new Map<SeriesRefusal, number>();
  /** Of the kept samples, in `KnownSeries`. */
  #series: Uint32Array;
  /** Where the kept samples stand in the request. */
  #rows: Uint32Array;
  #positions: Uint32Array;
  /** Samples kept so far. */
  #kept = 0;
  readonly #refusals: SeriesRefused[] = [];
  #received = 0;
  readonly #mergedLabels = new Set<string>();
  #firstMerged: number | undefined;
  #exemplars = 0;
  #mayOverwrite = false;

  constructor(request: DecodedWriteRequest, stream: StreamSeries, bounds: TimeBounds, holdsNan: boolean) {
    this.#request = request;
    this.#verdicts = stream.verdicts;
    this.#number = stream.nextRequest();
    this.#bounds = bounds;
    this.#holdsNan = holdsNan;
    const samples = request.timestampsMs.length;
    this.#series = new Uint32Array(samples);
    this.#rows = new Uint32Array(samples);
    // One and the same column where series and samples stand at the same positions.
    this.#positions = request.hasOneSampleEach ? this.#rows : new Uint32Array(samples);
  }

  /** @param code of the verdict about the series at a position. */
  add(position: number, code: number): void {
    const what = this.#request.hasOneSampleEach ? oneSample(position) : this.#raw(position);
    const samples = what.sampleCount + what.histogramCount;
    this.#received += samples;
    this.#exemplars += what.exemplarCount;
    if (code > UNKNOWN) {
      const series = seriesOf(code);
      if (isMerged(code)) {
        this.#mergedLabels.add(this.#raw(position).rawLabels);
        this.#firstMerged ??= series;
      }
      this.#keep(position, what, series);
      return;
    }
    const rejection = this.#verdicts.rejectionOf(code);
    if (rejection.kind === "drop") {
      count(this.#dropped, rejection.reason, samples);
    } else {
      this.#refuse({ series: position, reason: rejection.reason, detail: rejection.detail }, samples);
    }
  }

  /** @param mergedSeries label sets met for the first time that a rule made the same as another's. */
  finish(mergedSeries: number): Intake {
    if (this.#kept < this.#rows.length) {
      this.#series = this.#series.slice(0, this.#kept);
      this.#rows = this.#rows.slice(0, this.#kept);
      this.#positions = this.#positions.slice(0, this.#kept);
    }
    if (this.#mayOverwrite) {
      this.#dropOverwritten();
    }
    const { known } = this.#verdicts;
    return {
      received: this.#received,
      kept: { series: this.#series, known, ...this.#keptColumns() },
      keptPositions: this.#positions,
      dropped: this.#dropped,
      refused: this.#refused,
      refusals: this.#refusals,
      mergedSeries,
      merges:
        this.#firstMerged === undefined
          ? undefined
          : { labelSets: this.#mergedLabels.size, firstRecord: known.recordOf(this.#firstMerged) },
      exemplars: this.#exemplars,
    };
  }

  #raw(position: number): RawSeries {
    const raw = this.#request.series.at(position);
    if (!raw) {
      throw new Error(`cannot sort series ${position}: the request has ${this.#request.series.length}`);
    }
    return raw;
  }

  #keep(position: number, { firstSample, sampleCount, histogramCount }: Held, series: number): void {
    if (histogramCount > 0) {
      const detail = "native histograms are not taken yet";
      this.#refuse({ series: position, reason: "native_histogram", detail }, histogramCount);
    }
    const { lastRequests } = this.#verdicts.known;
    this.#mayOverwrite ||= lastRequests[series] === this.#number;
    lastRequests[series] = this.#number;
    const { oldestMs, newestMs } = this.#bounds;
    let before = Number.NEGATIVE_INFINITY;
    for (let row = firstSample; row < firstSample + sampleCount; row++) {
      const timestampMs = this.#request.timestampsMs[row] ?? 0;
      if (timestampMs < oldestMs || timestampMs > newestMs) {
        this.#refuse({ series: position, ...outOfBounds(timestampMs, this.#bounds) }, 1);
        continue;
      }
      if (!this.#holdsNan && isNan(this.#request.valueBits[row] ?? 0n)) {
        count(this.#dropped, "nan_not_storable", 1);
        continue;
      }
      this.#mayOverwrite ||= timestampMs <= before;
      before = timestampMs;
      this.#series[this.#kept] = series;
      this.#rows[this.#kept] = row;
      this.#positions[this.#kept] = position;
      this.#kept++;
    }
  }

  #keptColumns(): { timestampsMs: Float64Array; valueBits: BigUint64Array } {
    const { timestampsMs, valueBits } = this.#request;
    if (this.#rows.length === timestampsMs.length) {
      return { timestampsMs, valueBits };
    }
    const kept = {
      timestampsMs: new Float64Array(this.#rows.length),
      valueBits: new BigUint64Array(this.#rows.length),
    };
    for (const [i, row] of this.#rows.entries()) {
      kept.timestampsMs[i] = timestampsMs[row] ?? 0;
      kept.valueBits[i] = valueBits[row] ?? 0n;
    }
    return kept;
  }

  #refuse(refusal: SeriesRefused, samples: number): void {
    count(this.#refused, refusal.reason, samples);
    this.#refusals.push(refusal);
  }

  #dropOverwritten(): void {
    const overwritten = overwrittenSamples(this.#series, (i) => this.#request.timestampsMs[this.#rows[i] ?? 0] ?? 0);
    if (overwritten.size === 0) {
      return;
    }
    count(this.#dropped, "overwritten_in_request", overwritten.size);
    const stays = (_: unknown, i: number) => !overwritten.has(i);
    this.#series = this.#series.filter(stays);
    this.#rows = this.#rows.filter(stays);
    this.#positions = this.#positions.filter(stays);
  }
}

function isNan(valueBits: bigint): boolean {
  return (valueBits & MAGNITUDE_BITS) > INFINITY_BITS;
}

function count<Reason>(counts: Map<Reason, number>, reason: Reason, samples: number): void {
  counts.set(reason, (counts.get(reason) ?? 0) + samples);
}
