import { decodeRecord } from "../../shared/registry-record.ts";
import { formatSeriesName, type LabelSet } from "../../shared/series.ts";

/** The labels that the stores will have of a series, tenant and server among them. @param record see `KnownSeries`. */
export function storedLabels(record: Uint8Array): LabelSet {
  return decodeRecord(record)?.labels ?? [];
}

/** The name of a series as it is stored: `name{_tenant_id="T",_server_id="S",a="1"}`. */
export function storedName(record: Uint8Array): string {
  return formatSeriesName(storedLabels(record));
}
