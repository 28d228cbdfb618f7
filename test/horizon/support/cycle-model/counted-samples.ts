import { Registry } from "prom-client";
import type { SinkName } from "../../../../services/horizon/claim-state.ts";
import { HorizonMetrics } from "../../../../services/horizon/metrics.ts";
import { Tally, type TenantTally } from "../../../../services/horizon/tally.ts";

/** Horizon's metrics, which remember besides what was counted since a sequence began. */
export class CountedSamples extends HorizonMetrics {
  readonly #tallies = new Map<SinkName, Tally>();

  constructor() {
    super(new Registry(), []);
  }

  override countTally(sink: SinkName, tally: Tally): void {
    super.countTally(sink, tally);
    const sum = this.#tallies.get(sink) ?? new Tally();
    sum.merge(tally);
    this.#tallies.set(sink, sum);
  }

  /** Begins at nothing again. */
  reset(): void {
    this.#tallies.clear();
  }

  /** What was counted for a sink, by tenant. */
  of(sink: SinkName): ReadonlyMap<string, TenantTally> {
    return new Map(this.#tallies.get(sink) ?? []);
  }

  /** Tenants of which claimed = written + skipped + dead does not hold for a sink. */
  unbalanced(sink: SinkName): string[] {
    return this.#tallies.get(sink)?.unbalancedTenants() ?? [];
  }
}
