import { stringify } from "yaml";

/** What a Prometheus needs to write to Flux. */
export interface RemoteWriteTarget {
  readonly fluxUrl: string;
  readonly key: string;
  readonly tenant: string;
  readonly server: string;
  readonly serverUrl: string;
}

/** The `remote_write` part of a Prometheus configuration as YAML, ready to be pasted. */
export function remoteWriteBlock(target: RemoteWriteTarget): string {
  const headers = {
    key: target.key,
    "x-tenant-id": target.tenant,
    "x-server-id": target.server,
    "x-server-url": target.serverUrl,
  };
  // Long values stay on one line, so that they can be searched and replaced.
  return stringify({ remote_write: [{ url: `${target.fluxUrl}/prometheus/write`, headers }] }, { lineWidth: 0 });
}
