import { type Label, METRIC_NAME_LABEL } from "../../shared/series.ts";
import type { FieldContext } from "./field-sample.ts";
import type { Point } from "./line-point.ts";
import type { Line } from "./line-protocol.ts";
import { tagLabels } from "./prometheus-names.ts";

/** What the fields of a line have in common, and how many tags were joined to others for it. */
export interface LineLabels extends FieldContext {
  readonly joined: number;
}

/** Makes labels of the tags of a line. */
export function labelsOfLine({ point: { measurement, tags }, isPrometheus }: Line): LineLabels {
  const { labels, joined } = isPrometheus ? { labels: ownLabels(tags), joined: 0 } : tagLabels(tags);
  return { measurement, labels, joined, isPrometheus };
}

/** Prometheus' own labels, but for one that claims to be the metric name. */
function ownLabels(tags: Point["tags"]): Label[] {
  return tags.filter(([name]) => name !== METRIC_NAME_LABEL).map(([name, value]) => ({ name, value }));
}
