import { escapeLabelText, formatSeriesName, type LabelSet } from "../shared/series.ts";
import { pythonFloatText } from "./python-float.ts";

/*
 * A member of Skyline's Redis set, which its Flux writes and its Horizon reads:
 *
 *   <tenant> <server> <timestamp in ms> <value> <metric>
 *
 * The metric is what Skyline knows a series by. Skyline writes label values as they are and reads them with the parser
 * of Python's prometheus_client, which expects escapes: `\`, `"` and newline are escaped here, so that it gets back what
 * the sender sent, and never meets the `"}` inside a value that would make it turn for ever.
 */

/** Label names that the parser takes without quotes. Others stand in quotes, as in Prometheus' text format of UTF-8 names. */
const UNQUOTED_LABEL_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** What Skyline knows a series by: `name{_tenant_id="T",_server_id="S",a="1"}`, the other labels in byte order. Pure. */
export function skylineMetric(labels: LabelSet): string {
  return formatSeriesName(labels.map(({ name, value }) => ({ name: labelNameText(name), value })));
}

/** Whose a sample is. Neither name holds a space; identity checks see to that. */
export interface MemberOwner {
  readonly tenant: string;
  readonly server: string;
}

/**
 * The member of a sample. Pure.
 * @param metric what `skylineMetric` gives for its series.
 */
export function skylineMember(
  { tenant, server }: MemberOwner,
  { timestampMs, value }: { readonly timestampMs: number; readonly value: number },
  metric: string,
): string {
  return `${tenant} ${server} ${timestampMs} ${pythonFloatText(value)} ${metric}`;
}

function labelNameText(name: string): string {
  return UNQUOTED_LABEL_NAME.test(name) ? name : `"${escapeLabelText(name)}"`;
}
