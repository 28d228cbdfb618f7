import type { ConnectionOptions } from "redis-time-series-ts";

/**
 * Where and as whom the package's client is to connect; it takes no URL itself.
 * @param url `redis://` or `rediss://`.
 */
export function timeSeriesConnectionOptions(url: string): ConnectionOptions {
  const { hostname, port, pathname, username, password, protocol } = new URL(url);
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port || 6379),
    db: Number(pathname.slice(1) || 0),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(protocol === "rediss:" && { tls: {} }),
  };
}
