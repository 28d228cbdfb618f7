import { decodeRecord } from "../../shared/registry-record.ts";
import { formatSeriesName, type LabelSet } from "../../shared/series.ts";
import type { KnownSeries } from "./known-series.ts";

/** The labels that the stores will have of a series, tenant and server among them. */
export function storedLabels({ record }: Pick<KnownSeries, "record">): LabelSet {
  return decodeRecord(record)?.labels ?? [];
}

/** The name of a series as it is stored: `name{_tenant_id="T",_server_id="S",a="1"}`. */
export function storedName(series: Pick<KnownSeries, "record">): string {
  return formatSeriesName(storedLabels(series));
}
