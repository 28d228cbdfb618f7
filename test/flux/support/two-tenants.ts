import assert from "node:assert/strict";
import { type IncomingHttpHeaders, request } from "node:http";
import { writeRequestBody } from "../../support/write-request.ts";
import { type LiveFlux, openLiveFlux } from "./live-flux.ts";

/** Who attacks. Its key is its own, and implies its tenant and server. */
export const ALPHA = { key: "key-of-alpha-01", tenant: "alpha", server: "srv-of-alpha" } as const;

/** Who is attacked. Its name can be guessed; nothing else of it may be learned. */
export const BRAVO = {
  key: "key-of-bravo-01",
  tenant: "bravo",
  namespace: "ns-of-bravo",
  server: "srv-of-bravo",
  url: "http://url-of-bravo.example",
  metric: "metric_of_bravo",
  path: "/path-of-bravo",
} as const;

/** A name as long as bravo's that nobody has: for who asks, both must be the same. */
export const NOBODY = "nobdy";

const SECRETS = [BRAVO.key, BRAVO.namespace, BRAVO.server, BRAVO.url, BRAVO.metric, BRAVO.path];
export const TIME_MS = 1_700_000_000_000;

/** The setting that knows both. */
export const FLUX_API_KEYS = JSON.stringify({
  [BRAVO.key]: { namespace: BRAVO.namespace, tenant: BRAVO.tenant, server: BRAVO.server },
  [ALPHA.key]: { namespace: ALPHA.tenant, tenant: ALPHA.tenant, server: ALPHA.server },
});

/** Opens a Flux with both tenants. */
export async function openTwoTenants(
  t: { after(close: () => Promise<void>): void },
  redisUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<LiveFlux> {
  const flux = await openLiveFlux(redisUrl, { FLUX_API_KEYS, ...settings });
  t.after(() => flux.close());
  return flux;
}

/** A request; a header may be sent more than once. */
export interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

export interface Heard {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request to a listener as it is, and hears the answer, but for its date. */
export function send(url: string, { path, method = "POST", headers = {}, body = "" }: Sent): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}${path}`, {
      method,
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
    });
    call.on("error", reject).on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
      response.on("end", () => {
        const { date: _, ...told } = response.headers;
        resolve({ status: response.statusCode ?? 0, headers: told, text: Buffer.concat(chunks).toString() });
      });
    });
    call.end(body);
  });
}

/** A request to write one sample of each series by remote-write. */
export function remoteWrite(
  series: readonly (readonly (readonly [string, string])[])[],
  headers: Sent["headers"] = { key: ALPHA.key },
  { path = "/prometheus/write", timestampMs = TIME_MS } = {},
): Sent {
  const samples = [{ timestampMs, value: 1 }];
  return { path, headers, body: writeRequestBody(series.map((labels) => ({ labels, samples }))) };
}

/** What bravo has of its own: a series, the URL of its server, and metadata. */
export function bravoWrites(timestampMs: number = TIME_MS): Sent {
  const labels = { __name__: BRAVO.metric, path: BRAVO.path };
  const series = [{ labels, samples: [{ timestampMs, value: 42 }] }];
  const metadata = [{ type: 1, metric_family_name: BRAVO.metric, help: "help of bravo", unit: "" }];
  return {
    path: "/prometheus/write",
    headers: { key: BRAVO.key, "x-server-url": BRAVO.url },
    body: writeRequestBody(series, metadata),
  };
}

/** That an answer tells nothing of bravo which the one who asked did not say himself. */
export function assertTellsNothing(heard: Heard, what: string, sent: Sent): void {
  const said = JSON.stringify([sent.path, sent.headers ?? {}, String(sent.body ?? "")]);
  const told = JSON.stringify(heard);
  for (const secret of SECRETS.filter((one) => !said.includes(one))) {
    assert.ok(!told.includes(secret), `${what}: the answer tells ${secret}: ${told}`);
  }
}

/** An answer without the name that was asked for: of a tenant that is there and of none it must be the same. */
export function nameless(heard: Heard): string {
  return JSON.stringify(heard).replaceAll(BRAVO.tenant, "…").replaceAll(NOBODY, "…");
}

/** The lines of /metrics that name bravo. */
export async function metricsOfBravo(flux: LiveFlux): Promise<string[]> {
  const page = await (await fetch(`${flux.adminUrl}/metrics`)).text();
  return page.split("\n").filter((line) => line.includes(BRAVO.tenant));
}
