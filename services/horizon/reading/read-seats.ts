/** Who may read at a time: so many altogether, and so many of the same holder, whatever the key. */
export class ReadSeats {
  readonly #total: number;
  readonly #perHolder: number;
  readonly #taken = new Map<string, number>();
  #count = 0;

  constructor({ total, perHolder }: { readonly total: number; readonly perHolder: number }) {
    this.#total = total;
    this.#perHolder = perHolder;
  }

  /** Takes a seat. @returns what gives it back, to be called once; undefined where none is free. */
  take(holder: string): (() => void) | undefined {
    const own = this.#taken.get(holder) ?? 0;
    if (this.#count >= this.#total || own >= this.#perHolder) {
      return undefined;
    }
    this.#count++;
    this.#taken.set(holder, own + 1);
    return () => {
      this.#count--;
      this.#taken.set(holder, (this.#taken.get(holder) ?? 1) - 1);
    };
  }
}
