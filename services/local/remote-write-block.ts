import { stringify } from "yaml";
import { isHashedKey } from "../../settings/api-key.ts";

/** Stands where the key belongs when settings hold only its SHA-256. */
const UNKNOWN_KEY = "<the key whose SHA-256 is in FLUX_SELF_API_KEY>";

/** What a Prometheus needs to write to Flux. */
export interface RemoteWriteTarget {
  readonly fluxUrl: string;
  /** As it stands in settings: the key, or its SHA-256. */
  readonly key: string;
  readonly tenant: string;
  readonly server: string;
  readonly serverUrl: string;
}

/** The `remote_write` part of a Prometheus configuration as YAML, ready to be pasted. */
export function remoteWriteBlock(target: RemoteWriteTarget): string {
  const headers = {
    key: isHashedKey(target.key) ? UNKNOWN_KEY : target.key,
    "x-tenant-id": target.tenant,
    "x-server-id": target.server,
    "x-server-url": target.serverUrl,
  };
  // Long values stay on one line, so that they can be searched and replaced.
  return stringify({ remote_write: [{ url: `${target.fluxUrl}/prometheus/write`, headers }] }, { lineWidth: 0 });
}
