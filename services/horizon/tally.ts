import type { DeadReason, SkipReason } from "./reasons.ts";

/** What became of the samples of one tenant, in samples. */
export interface TenantTally {
  claimed: number;
  written: number;
  readonly skipped: Partial<Record<SkipReason, number>>;
  /** Of those that the skip lists skip, how many each entry does. */
  readonly skippedByEntry: Map<string, number>;
  readonly dead: Partial<Record<DeadReason, number>>;
}

/** A tenant's tally as JSON has it. Claims of an older version lack the entries. */
type WrittenTally = Omit<TenantTally, "skippedByEntry"> & { readonly skippedByEntry?: [string, number][] };

/** What became of samples, per tenant: what a sink was given, and where each of them ended. */
export class Tally {
  readonly #tenants = new Map<string, TenantTally>();

  claim(tenant: string, samples: number): void {
    this.#of(tenant).claimed += samples;
  }

  write(tenant: string, samples: number): void {
    this.#of(tenant).written += samples;
  }

  skip(tenant: string, reason: SkipReason, samples: number): void {
    const { skipped } = this.#of(tenant);
    skipped[reason] = (skipped[reason] ?? 0) + samples;
  }

  /** Counts samples under the reason `skip_list` and under the entry that skips them. */
  skipByEntry(tenant: string, entry: string, samples: number): void {
    this.skip(tenant, "skip_list", samples);
    this.#countEntry(tenant, entry, samples);
  }

  bury(tenant: string, reason: DeadReason, samples: number): void {
    const { dead } = this.#of(tenant);
    dead[reason] = (dead[reason] ?? 0) + samples;
  }

  /** Adds what another tally counted. */
  merge(other: Tally): void {
    for (const [tenant, tally] of other) {
      this.add(tenant, tally);
    }
  }

  /** Adds what was counted for one tenant. */
  add(tenant: string, { claimed, written, skipped, skippedByEntry, dead }: TenantTally): void {
    this.claim(tenant, claimed);
    this.write(tenant, written);
    for (const [reason, samples] of entriesOf(skipped)) {
      this.skip(tenant, reason, samples);
    }
    for (const [entry, samples] of skippedByEntry) {
      this.#countEntry(tenant, entry, samples);
    }
    for (const [reason, samples] of entriesOf(dead)) {
      this.bury(tenant, reason, samples);
    }
  }

  /** Tenants of which `claimed = written + skipped + dead` does not hold: empty unless there is a bug. */
  unbalancedTenants(): string[] {
    return [...this].filter(([, tally]) => tally.claimed !== settledSamples(tally)).map(([tenant]) => tenant);
  }

  [Symbol.iterator](): IterableIterator<[string, TenantTally]> {
    return this.#tenants.entries();
  }

  /** As pairs and not as an object: a tenant may be called `__proto__`. */
  toJSON(): [string, WrittenTally][] {
    return [...this].map(([tenant, tally]) => [tenant, { ...tally, skippedByEntry: [...tally.skippedByEntry] }]);
  }

  #countEntry(tenant: string, entry: string, samples: number): void {
    const { skippedByEntry } = this.#of(tenant);
    skippedByEntry.set(entry, (skippedByEntry.get(entry) ?? 0) + samples);
  }

  #of(tenant: string): TenantTally {
    let tally = this.#tenants.get(tenant);
    if (!tally) {
      tally = { claimed: 0, written: 0, skipped: {}, skippedByEntry: new Map(), dead: {} };
      this.#tenants.set(tenant, tally);
    }
    return tally;
  }
}

/** The entries of a count by reason, typed. */
export function entriesOf<Reason extends string>(counts: Partial<Record<Reason, number>>): [Reason, number][] {
  return Object.entries(counts) as [Reason, number][];
}

/** Reads what `JSON.stringify` made of a tally, which only Horizon writes. @throws when it is something else. */
export function parseTally(json: unknown): Tally {
  const tally = new Tally();
  for (const [tenant, written] of json as [string, WrittenTally][]) {
    tally.add(tenant, { ...written, skippedByEntry: new Map(written.skippedByEntry) });
  }
  return tally;
}

function settledSamples({ written, skipped, dead }: TenantTally): number {
  const counts = [...Object.values(skipped), ...Object.values(dead)];
  return counts.reduce((sum, samples) => sum + samples, written);
}
