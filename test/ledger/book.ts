/** One sample that a sender has made. */
export interface BookEntry {
  readonly tenant: string;
  /** The text of its labels as the stores have them (`seriesKey`). */
  readonly series: string;
  readonly timestampMs: number;
  readonly value: number;
  /** Number of the request that it travels in. */
  readonly request: number;
  /** The faults that were on when it was first sent, in words; empty for none. */
  readonly fault: string;
  /** Whether Flux has answered 2xx to the request: from then on the sample must not be lost. */
  acknowledged: boolean;
}

/** What the senders have sent and what of it was acknowledged: the ledger's own record, apart from all that is tested. */
export class Book {
  readonly #entries = new Map<string, Map<number, BookEntry>>();
  #count = 0;

  /** Notes a sample before it is sent for the first time. No series has two samples at one time. */
  note(sample: Omit<BookEntry, "acknowledged">): BookEntry {
    const { series, timestampMs } = sample;
    const times = this.#entries.get(series) ?? new Map<number, BookEntry>();
    this.#entries.set(series, times);
    if (times.has(timestampMs)) {
      throw new Error(`cannot note a second sample of ${series} at ${timestampMs}`);
    }
    const entry = { ...sample, acknowledged: false };
    times.set(timestampMs, entry);
    this.#count++;
    return entry;
  }

  /** All samples noted. */
  get size(): number {
    return this.#count;
  }

  *entries(): Generator<BookEntry> {
    for (const times of this.#entries.values()) {
      yield* times.values();
    }
  }

  find(series: string, timestampMs: number): BookEntry | undefined {
    return this.#entries.get(series)?.get(timestampMs);
  }
}
