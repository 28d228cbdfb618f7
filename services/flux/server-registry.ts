/** The command that remembering a URL takes. */
export interface HashWriter {
  hset(key: string, field: string, value: string): Promise<unknown>;
}

const MAX_REMEMBERED = 10_000;

/** Keeps the URL of each (tenant, server) in Redis, writing it only when it is new or has changed. */
export class ServerRegistry {
  readonly #redis: HashWriter;
  readonly #key: string;
  readonly #separator: string;
  readonly #written = new Map<string, string>();

  /** @param separator what stands between tenant and server in a field of the hash. */
  constructor(redis: HashWriter, key: string, separator: string) {
    this.#redis = redis;
    this.#key = key;
    this.#separator = separator;
  }

  /** @throws when Redis refuses. */
  async remember({ tenant, server, serverUrl }: { tenant: string; server: string; serverUrl?: string }): Promise<void> {
    const field = `${tenant}${this.#separator}${server}`;
    if (serverUrl === undefined || this.#written.get(field) === serverUrl) {
      return;
    }
    await this.#redis.hset(this.#key, field, serverUrl);
    if (this.#written.size >= MAX_REMEMBERED) {
      this.#written.clear();
    }
    this.#written.set(field, serverUrl);
  }
}
