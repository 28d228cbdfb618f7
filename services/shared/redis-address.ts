/** Where a Redis is, and as whom to connect, in the words of ioredis. */
export interface RedisAddress {
  readonly host?: string;
  readonly port?: number;
  /** Of a socket of this machine, instead of host and port. */
  readonly path?: string;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: Record<string, never>;
}

/**
 * Reads the URL of a Redis: `redis://` and `rediss://`, and `unix:///path/to/redis.sock?db=1&username=u&password=p` for a
 * socket of this machine, written as Redis' Python client reads it.
 * @param url of one of these three schemes.
 */
export function redisAddress(url: string): RedisAddress {
  const parsed = new URL(url);
  return parsed.protocol === "unix:" ? socketAddress(parsed) : networkAddress(parsed);
}

/** The URL of the socket at an absolute path. */
export function redisSocketUrl(path: string): string {
  return `unix://${path.split("/").map(encodeURIComponent).join("/")}`;
}

function socketAddress({ pathname, searchParams }: URL): RedisAddress {
  return {
    path: decodeURIComponent(pathname),
    db: Number(searchParams.get("db") ?? 0),
    ...credentials(searchParams.get("username") ?? "", searchParams.get("password") ?? ""),
  };
}

function networkAddress({ hostname, port, pathname, username, password, protocol }: URL): RedisAddress {
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port || 6379),
    db: Number(pathname.slice(1) || 0),
    ...credentials(decodeURIComponent(username), decodeURIComponent(password)),
    ...(protocol === "rediss:" && { tls: {} }),
  };
}

function credentials(username: string, password: string): Pick<RedisAddress, "username" | "password"> {
  return { ...(username && { username }), ...(password && { password }) };
}
