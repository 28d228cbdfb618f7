import type { Codec } from "../../kernel/codec.ts";
import { encodeLabels } from "../../shared/label-bytes.ts";
import { recordOf } from "../../shared/registry-record.ts";
import type { Label, LabelSet, SeriesId } from "../../shared/series.ts";
import { type SeriesHasher, shardOf } from "../../shared/series-id.ts";
import type { DropReason, SeriesRefusal } from "../reasons.ts";
import { BLOCK_FORMAT, type BufferFormat } from "./buffer-format.ts";
import type { Sender } from "./identity.ts";
import { KnownSeries } from "./known-series.ts";
import type { Rules } from "./rules.ts";
import { checkLimits, injectOwner, type SeriesLimits, tidyLabels } from "./series-check.ts";

/** What becomes of every sample of a series in a stream. */
export type Verdict =
  | { readonly kind: "keep"; readonly series: KnownSeries; readonly merged: boolean }
  | { readonly kind: "drop"; readonly reason: DropReason }
  | { readonly kind: "refuse"; readonly reason: SeriesRefusal; readonly detail: string }
  | { readonly kind: "malformed" };

/** One combination of key, tenant, server and rules. */
export interface Stream {
  readonly sender: Sender;
  readonly rules: Rules;
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
 * @param rawLabels the label fields as they came (`RawSeries.rawLabels`).
 * @param known finds a series of this stream by its first-choice id.
 */
export function decideSeries(
  rawLabels: string,
  stream: Stream,
  { codec, hasher, limits, shards, format = BLOCK_FORMAT }: Deciding,
  known: (id: SeriesId) => KnownSeries | undefined,
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
  const firstChoice = hasher.idOf(labelBytes, 0);
  // Where no label was dropped, the stored labels tell as well as those sent whether another series is the same.
  const sourceId = named.isWhole ? firstChoice : hasher.idOf(encodeLabels(sent), 0);
  const record = recordOf(labelBytes, "unknown");
  const twin = known(firstChoice);
  if (twin?.record.equals(record)) {
    return { kind: "keep", series: twin, merged: !twin.isOf(sourceId) };
  }
  const series = new KnownSeries({ id: firstChoice, shard: shardOf(firstChoice, shards), record, sourceId });
  return { kind: "keep", series, merged: false };
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
