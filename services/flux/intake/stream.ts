import type { Codec } from "../../kernel/codec.ts";
import { encodeLabels } from "../../shared/label-bytes.ts";
import { recordOf } from "../../shared/registry-record.ts";
import type { Label, LabelSet, SeriesId } from "../../shared/series.ts";
import { type SeriesHasher, shardOf } from "../../shared/series-id.ts";
import type { DropReason, SeriesRefusal } from "../reasons.ts";
import { BLOCK_FORMAT, type BufferFormat } from "./buffer-format.ts";
import type { Sender } from "./identity.ts";
import type { Rules } from "./rules.ts";
import { checkLimits, injectOwner, type SeriesLimits, tidyLabels } from "./series-check.ts";

/**
 * A series that is kept. One object per series and stream, whatever the order its labels come in, so that facts about
 * it (its id, where it is registered) are written once and seen by all.
 */
export interface KnownSeries {
  /** Changes once, if the id turns out to be another series' (DESIGN 5.5). */
  id: SeriesId;
  readonly shard: number;
  /** What the registry holds of it, one character a byte: a string of bytes takes less memory than a Buffer. */
  readonly record: string;
  /** Which registration of its shard it is part of: see `ShardState.registration`. 0: none. */
  registration: number;
  /** Which round of asking limit and quota admitted it in: see `SeriesAdmission`. 0: none. */
  admission: number;
  /** Number of the request that last held it; tells when one request holds it twice. */
  lastRequest: number;
  /** Tells the labels that it was sent with: another one that ends up here with others was merged by a rule. */
  readonly sourceId: SeriesId;
}

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
  const record = recordOf(labelBytes, "unknown").toString("latin1");
  const twin = known(firstChoice);
  if (twin?.record === record) {
    return { kind: "keep", series: twin, merged: twin.sourceId !== sourceId };
  }
  const shard = shardOf(firstChoice, shards);
  const series = { id: firstChoice, shard, record, registration: 0, admission: 0, lastRequest: 0, sourceId };
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
