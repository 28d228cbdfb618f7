import { SELF_KEY, SERVER, TENANT } from "./pipeline.ts";
import { type SeriesSpec, writeRequestBody } from "./write-request.ts";

/** Who sends; by default the pipeline's own. */
export interface SentBy {
  readonly key: string;
  readonly tenant: string;
  readonly server: string;
}

/** Sends series to a Flux as Prometheus would, with tenant and server in the headers. */
export function sendSeries(
  intakeUrl: string,
  series: readonly SeriesSpec[],
  { key, tenant, server }: SentBy = { key: SELF_KEY, tenant: TENANT, server: SERVER },
): Promise<Response> {
  return fetch(`${intakeUrl}/prometheus/write`, {
    method: "POST",
    headers: { key, "x-tenant-id": tenant, "x-server-id": server, "content-encoding": "snappy" },
    body: new Uint8Array(writeRequestBody(series)),
  });
}
