/** A label of a series. `__name__` is a label like any other; the metric name is its value. */
export interface Label {
  readonly name: string;
  readonly value: string;
}

/** Labels of one series: sorted by the bytes of their names, names unique, no empty value. */
export type LabelSet = readonly Label[];

/** Name of the label that holds the metric name. */
export const METRIC_NAME_LABEL = "__name__";
/** Label that says which tenant a series belongs to. Only Flux sets it. */
export const TENANT_LABEL = "_tenant_id";
/** Label that says which of a tenant's servers sent a series. Only Flux sets it. */
export const SERVER_LABEL = "_server_id";

/**
 * Identity of a series: 64 bits, the same on every process and for ever (see `series-id.ts`).
 * Its text form is 16 lower-case hexadecimal digits.
 */
export type SeriesId = bigint;

/** The text form of a series id, as it stands in keys and logs: 16 hexadecimal digits. */
export function formatSeriesId(id: SeriesId): string {
  return id.toString(16).padStart(16, "0");
}

/** The bits of the NaN that Prometheus writes when a series goes stale. */
export const STALE_NAN_BITS = 0x7ff0000000000002n;

/**
 * Orders two strings as their UTF-8 bytes are ordered. JavaScript compares UTF-16 units instead, which
 * differs above U+FFFF: surrogates (U+D800…) sort before U+E000…U+FFFF there and after them in bytes.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      return utf8Rank(x) - utf8Rank(y);
    }
  }
  return a.length - b.length;
}

/** Moves surrogates behind all other units, where the code points that they spell belong. */
function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** The value of a label, or undefined where the series has no such label. */
export function labelValue(labels: LabelSet, name: string): string | undefined {
  return labels.find((label) => label.name === name)?.value;
}

/**
 * The name of a series as people and rules see it: `name{_tenant_id="T",_server_id="S",a="1"}`.
 * Tenant and server come first, as in Skyline; the other labels follow in byte order. `\`, `"` and
 * newline are escaped as in Prometheus' text format, and there is no trailing comma.
 */
export function formatSeriesName(labels: LabelSet): string {
  const name = labelValue(labels, METRIC_NAME_LABEL) ?? "";
  const first = labels.filter((label) => label.name === TENANT_LABEL);
  const second = labels.filter((label) => label.name === SERVER_LABEL);
  const rest = labels.filter(({ name: n }) => n !== METRIC_NAME_LABEL && n !== TENANT_LABEL && n !== SERVER_LABEL);
  const parts = [...first, ...second, ...rest].map((label) => `${label.name}="${escapeLabelText(label.value)}"`);
  return `${name}{${parts.join(",")}}`;
}

/** Text as it stands between quotes in Prometheus' text format. */
export function escapeLabelText(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}
