import { compareUtf8, type Label, METRIC_NAME_LABEL } from "../../shared/series.ts";

/*
 * Names and tags of InfluxDB as Prometheus names and labels.
 */

/** The field that stands for the measurement itself: what Prometheus' own adapters, and InfluxDB, call it. */
const PLAIN_FIELD = "value";
const RESERVED_PREFIX = "__";
const LEGAL_METRIC_NAME = /^[A-Za-z_:][A-Za-z0-9_:]*$/;
const LEGAL_LABEL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A metric name: measurement and field joined by `_`, or the measurement alone for the field `value`. */
export function metricName(measurement: string, field: string): string {
  const name = field === PLAIN_FIELD ? measurement : `${measurement}_${field}`;
  return LEGAL_METRIC_NAME.test(name) ? name : withoutLeadingDigit(name.replace(/[^A-Za-z0-9_:]/gu, "_"));
}

/** A tag's name as a label name. */
export function labelName(name: string): string {
  return LEGAL_LABEL_NAME.test(name) ? name : withoutLeadingDigit(name.replace(/[^A-Za-z0-9_]/gu, "_"));
}

/** Whether a tag is one that Prometheus keeps for itself. @param label its name as a label name. */
export function isReserved(name: string, label: string): boolean {
  return name.startsWith(RESERVED_PREFIX) || label === METRIC_NAME_LABEL;
}

function withoutLeadingDigit(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name;
}

/** Labels made of tags. */
export interface TagLabels {
  /** Names unique. */
  readonly labels: readonly Label[];
  /** Tags whose value was joined to another's, because their names came out the same. */
  readonly joined: number;
}

/**
 * Tags as labels. Tags whose names begin with `__`, which Prometheus keeps for itself, are left out. Where names come
 * out the same, values are joined by `;`: first that of the tag whose name needed no change, then the others in the
 * order of their names.
 */
export function tagLabels(tags: readonly (readonly [name: string, value: string])[]): TagLabels {
  const values = new Map<string, string>();
  const changed: { label: string; name: string; value: string }[] = [];
  for (const [name, value] of tags) {
    const label = labelName(name);
    if (isReserved(name, label)) {
      continue;
    }
    if (label === name) {
      values.set(label, value);
    } else {
      changed.push({ label, name, value });
    }
  }
  let joined = 0;
  for (const { label, value } of changed.sort((a, b) => compareUtf8(a.name, b.name))) {
    const taken = values.get(label);
    joined += taken === undefined ? 0 : 1;
    values.set(label, taken === undefined ? value : `${taken};${value}`);
  }
  return { labels: [...values].map(([name, value]) => ({ name, value })), joined };
}
