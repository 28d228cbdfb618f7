/**
 * A map whose memory is bounded: it is sure to know the keys that were set last, and forgets those from long before.
 */
export class RecentMap<Value> {
  readonly #atLeast: number;
  #young = new Map<string, Value>();
  #old: ReadonlyMap<string, Value> = new Map();

  /** @param atLeast how many keys it always knows, those set last; at times up to twice as many. */
  constructor(atLeast: number) {
    this.#atLeast = atLeast;
  }

  get(key: string): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  /** @param key one that it does not know. */
  set(key: string, value: Value): void {
    if (this.#young.size >= this.#atLeast) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
