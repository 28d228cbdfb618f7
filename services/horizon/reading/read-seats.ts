/** Who may read at a time: so many altogether, and so many with the same key. */
export class ReadSeats {
  readonly #total: number;
  readonly #perKey: number;
  readonly #taken = new Map<number, number>();
  #count = 0;

  constructor({ total, perKey }: { readonly total: number; readonly perKey: number }) {
    this.#total = total;
    this.#perKey = perKey;
  }

  /** Takes a seat. @returns what gives it back, to be called once; undefined where none is free. */
  take(keyIndex: number): (() => void) | undefined {
    const own = this.#taken.get(keyIndex) ?? 0;
    if (this.#count >= this.#total || own >= this.#perKey) {
      return undefined;
    }
    this.#count++;
    this.#taken.set(keyIndex, own + 1);
    return () => {
      this.#count--;
      this.#taken.set(keyIndex, (this.#taken.get(keyIndex) ?? 1) - 1);
    };
  }
}
