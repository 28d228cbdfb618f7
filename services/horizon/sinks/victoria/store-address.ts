/** Where a remote-write receiver is, from VICTORIAMETRICS_URL. */
export interface StoreAddress {
  /** The URL to write a tenant's samples to, without user and password. */
  writeUrl(tenant: string): string;
  /** Whether that differs from tenant to tenant. */
  readonly perTenant: boolean;
  /** Where it shows its own metrics, if it does. */
  readonly metricsUrl: string;
  readonly auth: { readonly username: string; readonly password: string } | undefined;
}

const WRITE_PATH = "/api/v1/write";
/** As it is written, and as a URL's path has it. */
const TENANT_PLACEHOLDER = /(?:\{|%7B)tenant(?:\}|%7D)/gi;

/**
 * Reads VICTORIAMETRICS_URL. Without a path it is the address of a VictoriaMetrics, to which `/api/v1/write` is added;
 * with one it is taken as it stands. `{tenant}` in it stands for the tenant.
 * @param text an absolute http or https URL; settings have checked that it is one.
 */
export function parseStoreAddress(text: string): StoreAddress {
  const url = new URL(text);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  url.hash = "";
  if (url.pathname === "/") {
    url.pathname = WRITE_PATH;
  }
  const template = url.href;
  return {
    writeUrl: (tenant) => template.replace(TENANT_PLACEHOLDER, () => encodeURIComponent(tenant)),
    perTenant: template.search(TENANT_PLACEHOLDER) >= 0,
    metricsUrl: `${url.origin}${metricsPrefix(url.pathname)}/metrics`,
    auth:
      username === "" && password === ""
        ? undefined
        : { username: decodeURIComponent(username), password: decodeURIComponent(password) },
  };
}

/** A store under a path prefix shows its metrics there; the cluster version shows them at the root. */
function metricsPrefix(path: string): string {
  const prefix = path.endsWith(WRITE_PATH) ? path.slice(0, -WRITE_PATH.length) : "";
  return prefix.startsWith("/insert/") || prefix.search(TENANT_PLACEHOLDER) >= 0 ? "" : prefix;
}
