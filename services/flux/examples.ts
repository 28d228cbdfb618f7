/** Characters that all examples of a report may have together, as JSON. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** What all lists of a report may still take. */
export interface ExampleBudget {
  charactersLeft: number;
}

export function exampleBudget(): ExampleBudget {
  return { charactersLeft: MAX_CHARACTERS };
}

/** The first few of many things, for a report that must stay small whatever it reports. */
export class Examples<Example> {
  readonly list: Example[] = [];
  readonly #max: number;
  readonly #budget: ExampleBudget;

  constructor(max: number, budget: ExampleBudget) {
    this.#max = max;
    this.#budget = budget;
  }

  /** @param describe makes the example; not called where there is no room for one more. */
  add(describe: () => Example): void {
    if (this.list.length >= this.#max || this.#budget.charactersLeft <= 0) {
      return;
    }
    const example = describe();
    this.#budget.charactersLeft -= JSON.stringify(example).length;
    if (this.#budget.charactersLeft >= 0) {
      this.list.push(example);
    }
  }
}
