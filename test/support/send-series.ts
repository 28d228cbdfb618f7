import { SELF_KEY, SERVER, TENANT } from "./pipeline.ts";
import { type SeriesSpec, writeRequestBody } from "./write-request.ts";

/** Sends series to a Flux of a pipeline as Prometheus would, with the pipeline's tenant and server in the headers. */
export function sendSeries(intakeUrl: string, series: readonly SeriesSpec[]): Promise<Response> {
  return fetch(`${intakeUrl}/prometheus/write`, {
    method: "POST",
    headers: { key: SELF_KEY, "x-tenant-id": TENANT, "x-server-id": SERVER, "content-encoding": "snappy" },
    body: new Uint8Array(writeRequestBody(series)),
  });
}
