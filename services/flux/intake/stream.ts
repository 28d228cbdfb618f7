import type { Codec, RawSeries, SeriesTerms } from "../../kernel/codec.ts";
import { encodeLabels } from "../../shared/label-bytes.ts";
import { recordOf } from "../../shared/registry-record.ts";
import type { Label, LabelSet, SeriesId } from "../../shared/series.ts";
import { type SeriesHasher, shardOf } from "../../shared/series-id.ts";
import type { DropReason, SeriesRefusal } from "../reasons.ts";
import { BLOCK_FORMAT, type BufferFormat } from "./buffer-format.ts";
import type { Sender } from "./identity.ts";
import { KnownSeries, type NewSeries } from "./known-series.ts";
import type { Rules } from "./rules.ts";
import { checkLimits, injectOwner, type SeriesLimits, tidyLabels } from "./series-check.ts";

/** What becomes of every sample of a series in a stream. */
export type Verdict =
  | { readonly kind: "keep"; readonly series: KnownSeries; readonly merged: boolean }
  | { readonly kind: "drop"; readonly reason: DropReason }
  | { readonly kind: "refuse"; readonly reason: SeriesRefusal; readonly detail: string }
  | { readonly kind: "malformed" };

/** One combination of key, tenant, server and rules. */
export class Stream {
  readonly sender: Sender;
  readonly rules: Rules;
  /** What the codec has to know of it. Always the same object, so that it need not be told again for each series. */
  readonly terms: SeriesTerms;

  constructor(sender: Sender, rules: Rules) {
    this.sender = sender;
    this.rules = rules;
    this.terms = { tenant: sender.tenant, server: sender.server, ruledLabels: rules.ruledLabels };
  }
}

/** What deciding needs beside the stream. */
export interface Deciding {
  readonly codec: Codec;
  readonly hasher: SeriesHasher;
  readonly limits: SeriesLimits;
  readonly shards: number;
  /** What the samples will be stored as; blocks where it is not said. */
  readonly format?: BufferFormat;
}

/**
 * Decides about a series that the stream has not seen: checks it, drops labels, adds the owner's, applies the rules.
 * @param known finds series of this stream by the id that they wanted first.
 */
export function decideSeries(raw: RawSeries, stream: Stream, deciding: Deciding, known: FindById): Verdict {
  return decideAtOnce(raw, stream, deciding, known) ?? decideByLabels(raw.rawLabels, stream, deciding, known);
}

type FindById = (id: SeriesId) => KnownSeries | undefined;

/** @returns undefined where its labels have to be looked at: because of rules, or because of what they are. */
function decideAtOnce(
  raw: RawSeries,
  stream: Stream,
  { codec, limits, shards, format = BLOCK_FORMAT }: Deciding,
  known: FindById,
): Verdict | undefined {
  if (stream.rules.dropsMetrics || format !== BLOCK_FORMAT) {
    return undefined;
  }
  const stored = codec.storedLabels(raw, stream.terms);
  if (
    !stored ||
    stored.labels > limits.maxLabels ||
    stored.nameBytes > limits.maxLabelNameBytes ||
    stored.valueBytes > limits.maxLabelValueBytes ||
    stored.labelBytes.length > limits.maxSeriesBytes
  ) {
    return undefined;
  }
  const record = recordOf(stored.labelBytes, "unknown");
  return keep({ id: stored.id, shard: shardOf(stored.id, shards), record, sourceId: stored.id }, known);
}

function decideByLabels(
  rawLabels: string,
  stream: Stream,
  { codec, hasher, limits, shards, format = BLOCK_FORMAT }: Deciding,
  known: FindById,
): Verdict {
  const named = nameSeries(rawLabels, stream, codec);
  if (named.kind !== "named") {
    return named;
  }
  const { sent, labels } = named;
  const labelBytes = encodeLabels(labels);
  const size = checkLimits(labels, labelBytes.length, limits);
  if (!size.ok) {
    return { kind: "refuse", reason: size.reason, detail: size.detail };
  }
  if (!stream.rules.decide(labels).keep) {
    return { kind: "drop", reason: "drop_metrics" };
  }
  const fits = format.checkSeries(labels, stream.sender);
  if (!fits.ok) {
    return { kind: "refuse", reason: fits.reason, detail: fits.detail };
  }
  const id = hasher.idOf(labelBytes, 0);
  // Where no label was dropped, the stored labels tell as well as those sent whether another series is the same.
  const sourceId = named.isWhole ? id : hasher.idOf(encodeLabels(sent), 0);
  return keep({ id, shard: shardOf(id, shards), record: recordOf(labelBytes, "unknown"), sourceId }, known);
}

function keep(series: NewSeries, known: FindById): Verdict {
  const twin = known(series.id);
  return twin?.record.equals(series.record)
    ? { kind: "keep", series: twin, merged: !twin.isOf(series.sourceId) }
    : new KnownSeries(series);
}

/** The labels of a series, as they came and as they are to be stored. */
export interface NamedSeries {
  readonly kind: "named";
  /** Sorted and without what Flux discards (`tidyLabels`), before any rule. */
  readonly sent: Label[];
  /** Without the labels that rules drop, with the owner's. */
  readonly labels: LabelSet;
  /** Whether rules drop none of its labels. */
  readonly isWhole: boolean;
}

/** Reads a series' labels, drops those that rules name, adds the owner's. Or says why there is no such series. */
export function nameSeries(
  rawLabels: string,
  { sender, rules }: Stream,
  codec: Codec,
): NamedSeries | Extract<Verdict, { kind: "refuse" | "malformed" }> {
  const decoded = codec.decodeLabels(rawLabels);
  if (!decoded.ok) {
    return decoded.fault === "malformed_protobuf"
      ? { kind: "malformed" }
      : { kind: "refuse", reason: "invalid_utf8", detail: "a label name or value is not UTF-8" };
  }
  const tidy = tidyLabels(decoded.labels);
  if (!tidy.ok) {
    return { kind: "refuse", reason: tidy.reason, detail: tidy.detail };
  }
  const stays = rules.dropLabels(tidy.labels);
  return {
    kind: "named",
    sent: tidy.labels,
    labels: injectOwner(stays, sender.tenant, sender.server),
    isWhole: stays.length === tidy.labels.length,
  };
}
