/** Host and port of a server. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** host:port, as it stands in a URL. A server that listens on all addresses is reached on this machine's own. */
export function hostAndPort({ host, port }: Address): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

/** A URL without user and password, to be shown. */
export function withoutSecrets(url: string): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.toString().replace(/\/$/, "");
}
