import { Counter, type Registry } from "prom-client";

/** How often something happened since the last scrape. */
export interface Tally {
  /** Whole or not, never less than before. */
  count: number;
}

export interface GatheredCounterOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Label[];
  readonly registers: Registry[];
}

/**
 * A counter for what happens with every request. prom-client finds a set of labels by a text that it makes of them,
 * each time; here whoever counts keeps the tally of its labels and adds to a number, and prom-client is told the sums
 * when somebody looks.
 */
export class GatheredCounter<Label extends string> {
  readonly #tallies: { readonly labels: Readonly<Record<Label, string>>; readonly tally: Tally }[] = [];

  constructor(options: GatheredCounterOptions<Label>) {
    const tallies = this.#tallies;
    new Counter<Label>({
      ...options,
      collect() {
        for (const { labels, tally } of tallies) {
          this.inc(labels, tally.count);
          tally.count = 0;
        }
      },
    });
  }

  /** The tally of one set of labels, to be asked for once and kept: the counter shows it from now on, from zero. */
  of(labels: Readonly<Record<Label, string>>): Tally {
    const tally = { count: 0 };
    this.#tallies.push({ labels, tally });
    return tally;
  }
}
