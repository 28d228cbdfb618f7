import type { DeadLetter } from "../../horizon/dead-letters.ts";
import type { CommandIo } from "../command.ts";
import { printable } from "../printable.ts";
import { samplesOf } from "./letter-summary.ts";

interface TenantCount {
  letters: number;
  samples: number;
  /** Letters of which it is not known how many samples they hold. */
  unknown: number;
}

/** Counts dead letters and their samples by tenant. */
export class LetterTally {
  readonly #tenants = new Map<string, TenantCount>();

  add(letter: DeadLetter): void {
    const count = this.#tenants.get(letter.tenant) ?? { letters: 0, samples: 0, unknown: 0 };
    const samples = samplesOf(letter);
    count.letters++;
    count.samples += samples ?? 0;
    count.unknown += samples === undefined ? 1 : 0;
    this.#tenants.set(letter.tenant, count);
  }

  /** Prints a line for the whole and, below it, one for each tenant, in the order of their names. */
  print({ stdout }: Pick<CommandIo, "stdout">, verb: string): void {
    const total: TenantCount = { letters: 0, samples: 0, unknown: 0 };
    for (const { letters, samples, unknown } of this.#tenants.values()) {
      total.letters += letters;
      total.samples += samples;
      total.unknown += unknown;
    }
    stdout.write(`${verb} ${countText(total)}\n`);
    for (const [tenant, count] of [...this.#tenants].sort(([a], [b]) => (a < b ? -1 : 1))) {
      stdout.write(`  ${printable(tenant) || "tenant not known"}: ${countText(count)}\n`);
    }
  }
}

function countText({ letters, samples, unknown }: TenantCount): string {
  const unknownText = unknown === 0 ? "" : `, and ${unknown} of which it is not known how many samples they hold`;
  return `${plural(letters, "dead letter")} with ${plural(samples, "sample")}${unknownText}`;
}

/** A number and the thing that it counts. */
export function plural(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
