import { moved } from "../shared/moved-column.ts";

/** Verdicts that are remembered of series that were sent under several namespaces, and different ones, at most. */
const MAX_OTHERS = 100_000;
const MAX_DIFFERENT = 100_000;

interface Verdict {
  readonly namespace: string;
  /** The entry that skips, or undefined. */
  readonly skippedBy: string | undefined;
}

/** What a pair of skip lists said about the series of a table, by their numbers. */
export class SkipVerdicts {
  /** By number, the place of a verdict in `#different`, plus one; 0 where there is none. */
  #places = new Uint32Array(1024);
  readonly #different: Verdict[] = [];
  readonly #placesByText = new Map<string, number>();
  /** Of a series that was sent under several namespaces, the others. There are few of these. */
  readonly #others = new Map<string, Verdict>();

  /** The entry that skips a series which was sent under a namespace, or undefined. @param decide says so the first time. */
  take(number: number, namespace: string, decide: (number: number) => string | undefined): string | undefined {
    const place = (this.#places[number] ?? 0) - 1;
    const first = this.#different[place];
    if (first?.namespace === namespace) {
      return first.skippedBy;
    }
    if (first) {
      return this.#takeOther(number, namespace, decide);
    }
    const verdict = { namespace, skippedBy: decide(number) };
    this.#keep(number, verdict);
    return verdict.skippedBy;
  }

  /** Different verdicts, and those of further namespaces. */
  get size(): number {
    return this.#different.length + this.#others.size;
  }

  #keep(number: number, verdict: Verdict): void {
    if (number >= this.#places.length) {
      this.#places = moved(this.#places, new Uint32Array(2 * number));
    }
    this.#places[number] = this.#placeOf(verdict) + 1;
  }

  #placeOf(verdict: Verdict): number {
    const text = JSON.stringify([verdict.namespace, verdict.skippedBy]);
    const known = this.#placesByText.get(text);
    if (known !== undefined) {
      return known;
    }
    if (this.#different.length >= MAX_DIFFERENT) {
      this.#places.fill(0);
      this.#different.length = 0;
      this.#placesByText.clear();
    }
    const place = this.#different.push(verdict) - 1;
    this.#placesByText.set(text, place);
    return place;
  }

  #takeOther(number: number, namespace: string, decide: (number: number) => string | undefined): string | undefined {
    const key = `${number} ${namespace}`;
    const known = this.#others.get(key);
    if (known) {
      return known.skippedBy;
    }
    const verdict = { namespace, skippedBy: decide(number) };
    if (this.#others.size >= MAX_OTHERS) {
      this.#others.clear();
    }
    this.#others.set(key, verdict);
    return verdict.skippedBy;
  }
}
