import {
  compareUtf8,
  formatSeriesName,
  type Label,
  type LabelSet,
  labelValue,
  METRIC_NAME_LABEL,
  SERVER_LABEL,
  TENANT_LABEL,
} from "../../shared/series.ts";
import type { SeriesRefusal } from "../reasons.ts";

const LONGEST_QUOTE = 200;

/** What a series may measure, in UTF-8 bytes and with the labels that Flux adds. */
export interface SeriesLimits {
  readonly maxLabels: number;
  readonly maxLabelNameBytes: number;
  readonly maxLabelValueBytes: number;
  readonly maxSeriesBytes: number;
}

export interface SeriesFault {
  readonly ok: false;
  readonly reason: SeriesRefusal;
  readonly detail: string;
}

/**
 * Labels as they came → sorted, without empty values and without tenant and server labels, which only Flux may set.
 * Refuses what no rule could mend: no metric name, an empty or repeated label name.
 */
export function tidyLabels(labels: readonly Label[]): { ok: true; labels: Label[] } | SeriesFault {
  const sorted = labels
    .filter(({ name }) => name !== TENANT_LABEL && name !== SERVER_LABEL)
    .sort((a, b) => compareUtf8(a.name, b.name));
  for (const [i, label] of sorted.entries()) {
    if (label.name === "") {
      return fault("empty_label_name", `a label without a name in ${quoteSeries(sorted)}`);
    }
    if (label.name === sorted[i - 1]?.name) {
      return fault("duplicate_label_name", `label ${quote(label.name)} stands twice in ${quoteSeries(sorted)}`);
    }
  }
  if (!labelValue(sorted, METRIC_NAME_LABEL)) {
    return fault("missing_metric_name", `no ${METRIC_NAME_LABEL} in ${quoteSeries(sorted)}`);
  }
  return { ok: true, labels: sorted.filter(({ value }) => value !== "") };
}

/** Adds the labels that say whose a series is. The result stays sorted. */
export function injectOwner(labels: readonly Label[], tenant: string, server: string): Label[] {
  const owned = [...labels, { name: TENANT_LABEL, value: tenant }, { name: SERVER_LABEL, value: server }];
  return owned.sort((a, b) => compareUtf8(a.name, b.name));
}

/**
 * Refuses a series that is larger than the limits; nothing is ever truncated.
 * @param seriesBytes length of its label bytes (`label-bytes.ts`).
 */
export function checkLimits(labels: LabelSet, seriesBytes: number, limits: SeriesLimits): { ok: true } | SeriesFault {
  if (labels.length > limits.maxLabels) {
    return fault(
      "too_many_labels",
      `${labels.length} labels, at most ${limits.maxLabels} are taken, in ${quoteSeries(labels)}`,
    );
  }
  for (const { name, value } of labels) {
    if (Buffer.byteLength(name) > limits.maxLabelNameBytes) {
      return fault(
        "label_name_too_long",
        `label name ${quote(name)} has ${Buffer.byteLength(name)} bytes, at most ${limits.maxLabelNameBytes} are taken`,
      );
    }
    if (Buffer.byteLength(value) > limits.maxLabelValueBytes) {
      return fault(
        "label_value_too_long",
        `label ${quote(name)} has a value of ${Buffer.byteLength(value)} bytes, at most ${limits.maxLabelValueBytes} are taken`,
      );
    }
  }
  return seriesBytes > limits.maxSeriesBytes
    ? fault(
        "series_too_long",
        `${seriesBytes} bytes of labels, at most ${limits.maxSeriesBytes} are taken, in ${quoteSeries(labels)}`,
      )
    : { ok: true };
}

/** A series' name for an error message, cut to a length that fits one. */
export function quoteSeries(labels: LabelSet): string {
  return cut(formatSeriesName(labels));
}

function quote(text: string): string {
  return JSON.stringify(cut(text));
}

function cut(text: string): string {
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}

function fault(reason: SeriesRefusal, detail: string): SeriesFault {
  return { ok: false, reason, detail };
}
