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

/** What a request comes to. `received = kept + all dropped + all refused`, in samples. */
export interface Intake {
  readonly received: number;
  readonly kept: KeptSamples;
  readonly dropped: ReadonlyMap<DropReason, number>;
  readonly refused: ReadonlyMap<SeriesRefusal, number>;
  /** The first series that was refused, in words for the sender. */
  readonly firstRefusal?: { readonly reason: SeriesRefusal; readonly detail: string };
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
  for (const raw of request.series) {
    const verdict = stream.find(raw.rawLabels) ?? sorting.decide(raw, stream, deciding);
    if (verdict.kind === "malformed") {
      return undefined;
    }
    sorting.add(raw, verdict);
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
  #firstRefusal: { reason: SeriesRefusal; detail: string } | undefined;
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

  add(raw: RawSeries, verdict: Verdict): void {
    this.#received += raw.sampleCount + raw.histogramCount;
    this.#exemplars += raw.exemplarCount;
    if (verdict.kind === "keep") {
      this.#keep(raw, verdict.series);
    } else if (verdict.kind === "drop") {
      count(this.#dropped, verdict.reason, raw.sampleCount + raw.histogramCount);
    } else if (verdict.kind === "refuse") {
      this.#refuse(verdict.reason, verdict.detail, raw.sampleCount + raw.histogramCount);
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
      ...(this.#firstRefusal && { firstRefusal: this.#firstRefusal }),
      mergedSeries: this.#merged,
      exemplars: this.#exemplars,
    };
  }

  #keep(raw: RawSeries, series: KnownSeries): void {
    if (raw.histogramCount > 0) {
      this.#refuse("native_histogram", "native histograms are not taken yet", raw.histogramCount);
    }
    this.#mayOverwrite ||= series.lastRequest === this.#number;
    series.lastRequest = this.#number;
    let before = Number.NEGATIVE_INFINITY;
    for (let row = raw.firstSample; row < raw.firstSample + raw.sampleCount; row++) {
      const timestampMs = this.#request.timestampsMs[row] ?? 0;
      if (Math.abs(timestampMs) > MAX_TIMESTAMP_MS) {
        this.#refuse("timestamp_out_of_range", `timestamp ${timestampMs} ms is not within 35 000 years of 1970`, 1);
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

  #refuse(reason: SeriesRefusal, detail: string, samples: number): void {
    count(this.#refused, reason, samples);
    this.#firstRefusal ??= { reason, detail };
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
