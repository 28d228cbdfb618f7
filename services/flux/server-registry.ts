/** The command that remembering a URL takes. */
export interface HashWriter {
  hset(key: string, field: string, value: string): Promise<unknown>;
}

const MAX_REMEMBERED = 10_000;

/** Keeps the URL of each (tenant, server) in Redis, writing it only when it is new or has changed. */
export class ServerRegistry {
  readonly #redis: HashWriter;
  readonly #key: string;
  readonly #written = new Map<string, string>();

  constructor(redis: HashWriter, key: string) {
    this.#redis = redis;
    this.#key = key;
  }

  /** @throws when Redis refuses. */
  async remember({ tenant, server, serverUrl }: { tenant: string; server: string; serverUrl?: string }): Promise<void> {
    const field = `${tenant}\0${server}`;
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
