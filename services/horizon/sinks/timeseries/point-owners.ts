/** Whose some points are, and what became of them, in points. */
export interface PointOwner {
  readonly tenant: string;
  /** Under which they were sent. */
  readonly namespace: string;
  written: number;
  /** Left out because of a newer one in their bucket. */
  outdone: number;
}

/** Numbers for the owners of points, of whom there are few; by a number they are found, and counted, at once. */
export class PointOwners {
  readonly #owners: PointOwner[] = [];
  readonly #numbers = new Map<string, Map<string, number>>();
  #last: PointOwner | undefined;
  #lastNumber = 0;

  numberOf(tenant: string, namespace: string): number {
    if (this.#last?.tenant !== tenant || this.#last.namespace !== namespace) {
      this.#lastNumber = this.#find(tenant, namespace);
      this.#last = this.#owners[this.#lastNumber];
    }
    return this.#lastNumber;
  }

  /** The owner that has a number. @throws where none has it. */
  at(number: number): PointOwner {
    const owner = this.#owners[number];
    if (!owner) {
      throw new Error(`cannot find the owner of a point: nobody has number ${number}`);
    }
    return owner;
  }

  [Symbol.iterator](): IterableIterator<PointOwner> {
    return this.#owners.values();
  }

  #find(tenant: string, namespace: string): number {
    const numbers = this.#numbers.get(tenant) ?? new Map<string, number>();
    this.#numbers.set(tenant, numbers);
    let number = numbers.get(namespace);
    if (number === undefined) {
      number = this.#owners.push({ tenant, namespace, written: 0, outdone: 0 }) - 1;
      numbers.set(namespace, number);
    }
    return number;
  }
}
