import type { Codec, SeriesTerms } from "../../kernel/codec.ts";
import { encodeLabels } from "../../shared/label-bytes.ts";
import { recordOf } from "../../shared/registry-record.ts";
import type { Label, LabelSet, SeriesId } from "../../shared/series.ts";
import type { SeriesHasher } from "../../shared/series-id.ts";
import { BLOCK_FORMAT, type BufferFormat } from "./buffer-format.ts";
import type { Sender } from "./identity.ts";
import type { Rules } from "./rules.ts";
import { checkLimits, injectOwner, type SeriesLimits, tidyLabels } from "./series-check.ts";
import type { Rejection } from "./verdicts.ts";

/** A series that is to be kept. */
export interface StoredSeries {
  readonly kind: "keep";
  /** The id that it wants first. */
  readonly id: SeriesId;
  /** What the registry is to hold of it. */
  readonly record: Buffer;
  /** Tells the labels that it was sent with; undefined where the id does. */
  readonly sourceId: SeriesId | undefined;
}

/** What is to become of a series that a stream has not seen. */
export type Decided = StoredSeries | Rejection | { readonly kind: "malformed" };

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

const DROPPED: Rejection = { kind: "drop", reason: "drop_metrics" };

/**
 * Decides about a series by its labels: checks them, drops those that rules name, adds the owner's, applies the rules. Pure.
 * @param rawLabels as `RawSeries` has them.
 */
export function decideSeries(
  rawLabels: string,
  stream: Stream,
  { codec, hasher, limits, format = BLOCK_FORMAT }: Deciding,
): Decided {
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
    return DROPPED;
  }
  const fits = format.checkSeries(labels, stream.sender);
  if (!fits.ok) {
    return { kind: "refuse", reason: fits.reason, detail: fits.detail };
  }
  const id = hasher.idOf(labelBytes, 0);
  // Where no label was dropped, the stored labels tell as well as those sent whether another series is the same.
  const sourceId = named.isWhole ? undefined : hasher.idOf(encodeLabels(sent), 0);
  return { kind: "keep", id, record: recordOf(labelBytes, "unknown"), sourceId };
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
): NamedSeries | Extract<Decided, { kind: "refuse" | "malformed" }> {
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
