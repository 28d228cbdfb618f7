import type { DecodedWriteRequest, RawSeries } from "../../kernel/codec.ts";
import { MAX_TIMESTAMP_MS } from "../../shared/block.ts";
import type { DropReason, SeriesRefusal } from "../reasons.ts";
import { overwrittenSamples } from "./overwritten-samples.ts";
import type { StreamSeries } from "./series-table.ts";
import { type Deciding, decideSeries, type KnownSeries, type Verdict } from "./stream.ts";

/** Samples that are to be stored: entry i of each column belongs to sample i. */
export interface KeptSamples {
  readonly series: readonly KnownSeries[];
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
  readonly dropped: ReadonlyMap<DropReason, number>;
  readonly refused: ReadonlyMap<SeriesRefusal, number>;
  /** What was refused and why, in words for the sender, in the order of the request. */
  readonly refusals: readonly SeriesRefused[];
  /** Label sets met for the first time that a rule made the same as another's. */
  readonly mergedSeries: number;
  readonly exemplars: number;
}

/**
 * Sorts a request's samples into kept, dropped and refused. Pure but for what the stream's part of the series table
 * learns.
 * @returns undefined when the labels of a series are not protobuf: the body is malformed after all.
 */
export function takeIn(request: DecodedWriteRequest, stream: StreamSeries, deciding: Deciding): Intake | undefined {
  const sorting = new Sorting(request, stream.nextRequest());
  for (const [position, raw] of request.series.entries()) {
    const verdict = stream.find(raw.rawLabels) ?? sorting.decide(raw, stream, deciding);
    if (verdict.kind === "malformed") {
      return undefined;
    }
    sorting.add(position, raw, verdict);
  }
  return sorting.finish();
}

/** The counts and columns of one request while it is sorted. */
class Sorting {
  readonly #request: DecodedWriteRequest;
  readonly #number: number;
  readonly #dropped = new Map<DropReason, number>();
  readonly #refused = new Map<SeriesRefusal, number>();
  #series: KnownSeries[] = [];
  /** Where the kept samples stand in the request. */
  #rows: number[] = [];
  readonly #refusals: SeriesRefused[] = [];
  #received = 0;
  #merged = 0;
  #exemplars = 0;
  #mayOverwrite = false;

  constructor(request: DecodedWriteRequest, number: number) {
    this.#request = request;
    this.#number = number;
  }

  decide(raw: RawSeries, stream: StreamSeries, deciding: Deciding): Verdict {
    const verdict = decideSeries(raw.rawLabels, stream.stream, deciding, (id) => stream.findById(id));
    if (verdict.kind !== "malformed") {
      stream.remember(raw.rawLabels, verdict);
    }
    if (verdict.kind === "keep" && verdict.merged) {
      this.#merged++;
    }
    return verdict;
  }

  add(position: number, raw: RawSeries, verdict: Verdict): void {
    this.#received += raw.sampleCount + raw.histogramCount;
    this.#exemplars += raw.exemplarCount;
    if (verdict.kind === "keep") {
      this.#keep(position, raw, verdict.series);
    } else if (verdict.kind === "drop") {
      count(this.#dropped, verdict.reason, raw.sampleCount + raw.histogramCount);
    } else if (verdict.kind === "refuse") {
      this.#refuse(
        { series: position, reason: verdict.reason, detail: verdict.detail },
        raw.sampleCount + raw.histogramCount,
      );
    }
  }

  finish(): Intake {
    if (this.#mayOverwrite) {
      this.#dropOverwritten();
    }
    return {
      received: this.#received,
      kept: { series: this.#series, ...this.#keptColumns() },
      dropped: this.#dropped,
      refused: this.#refused,
      refusals: this.#refusals,
      mergedSeries: this.#merged,
      exemplars: this.#exemplars,
    };
  }

  #keep(position: number, raw: RawSeries, series: KnownSeries): void {
    if (raw.histogramCount > 0) {
      const detail = "native histograms are not taken yet";
      this.#refuse({ series: position, reason: "native_histogram", detail }, raw.histogramCount);
    }
    this.#mayOverwrite ||= series.lastRequest === this.#number;
    series.lastRequest = this.#number;
    let before = Number.NEGATIVE_INFINITY;
    for (let row = raw.firstSample; row < raw.firstSample + raw.sampleCount; row++) {
      const timestampMs = this.#request.timestampsMs[row] ?? 0;
      if (Math.abs(timestampMs) > MAX_TIMESTAMP_MS) {
        const detail = `timestamp ${timestampMs} ms is not within 35 000 years of 1970`;
        this.#refuse({ series: position, reason: "timestamp_out_of_range", detail }, 1);
        continue;
      }
      this.#mayOverwrite ||= timestampMs <= before;
      before = timestampMs;
      this.#series.push(series);
      this.#rows.push(row);
    }
  }

  #keptColumns(): { timestampsMs: Float64Array; valueBits: BigUint64Array } {
    const { timestampsMs, valueBits } = this.#request;
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
  }
}

function count<Reason>(counts: Map<Reason, number>, reason: Reason, samples: number): void {
  counts.set(reason, (counts.get(reason) ?? 0) + samples);
}
