import type { DeadReason, SkipReason } from "./reasons.ts";

/** What became of the samples of one tenant, in samples. */
export interface TenantTally {
  claimed: number;
  written: number;
  readonly skipped: Partial<Record<SkipReason, number>>;
  readonly dead: Partial<Record<DeadReason, number>>;
}

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

  bury(tenant: string, reason: DeadReason, samples: number): void {
    const { dead } = this.#of(tenant);
    dead[reason] = (dead[reason] ?? 0) + samples;
  }

  /** Adds what another tally counted. */
  merge(other: Tally): void {
    for (const [tenant, { claimed, written, skipped, dead }] of other) {
      this.claim(tenant, claimed);
      this.write(tenant, written);
      entriesOf(skipped).forEach(([reason, samples]) => {
        this.skip(tenant, reason, samples);
      });
      entriesOf(dead).forEach(([reason, samples]) => {
        this.bury(tenant, reason, samples);
      });
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
  toJSON(): [string, TenantTally][] {
    return [...this];
  }

  #of(tenant: string): TenantTally {
    let tally = this.#tenants.get(tenant);
    if (!tally) {
      tally = { claimed: 0, written: 0, skipped: {}, dead: {} };
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
  for (const [tenant, { claimed, written, skipped, dead }] of json as [string, TenantTally][]) {
    tally.claim(tenant, claimed);
    tally.write(tenant, written);
    entriesOf(skipped).forEach(([reason, samples]) => {
      tally.skip(tenant, reason, samples);
    });
    entriesOf(dead).forEach(([reason, samples]) => {
      tally.bury(tenant, reason, samples);
    });
  }
  return tally;
}

function settledSamples({ written, skipped, dead }: TenantTally): number {
  const counts = [...Object.values(skipped), ...Object.values(dead)];
  return counts.reduce((sum, samples) => sum + samples, written);
}
