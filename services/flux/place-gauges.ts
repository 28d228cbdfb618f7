import { Gauge, type Registry } from "prom-client";
import type { Admission } from "./series-admission.ts";

/** What limits and quotas came to for a request. */
export type TakenPlaces = Pick<Admission, "activeSeries" | "maxActiveSeries" | "quotaSeries" | "quota">;

/** Who shows how much of limits and quotas is used. */
export interface Places {
  note(owner: { readonly tenant: string; readonly namespace: string }, taken: TakenPlaces): void;
  /** Limits and quotas may have changed, or be gone. */
  reset(): void;
}

/**
 * How much of limits and quotas is used, over all Flux processes, as of the last time that this one asked: it does when
 * a series is new, when the hour turns and after a reload.
 */
export class PlaceGauges implements Places {
  readonly #activeSeries: Gauge<"tenant">;
  readonly #seriesLimit: Gauge<"tenant">;
  readonly #quotaSeries: Gauge<"namespace">;
  readonly #quota: Gauge<"namespace">;

  constructor(registers: Registry[]) {
    const gauge = <Label extends string>(name: string, help: string, labelName: Label) =>
      new Gauge({ name, help, labelNames: [labelName], registers });
    this.#activeSeries = gauge("flux_tenant_active_series", "Active series of a tenant that has a limit.", "tenant");
    this.#seriesLimit = gauge("flux_tenant_series_limit", "Most active series that the tenant may have.", "tenant");
    this.#quotaSeries = gauge("flux_namespace_quota_series", "Series that have a place in the quota.", "namespace");
    this.#quota = gauge("flux_namespace_quota", "Most series that the namespace may have in all time.", "namespace");
  }

  note({ tenant, namespace }: { readonly tenant: string; readonly namespace: string }, taken: TakenPlaces): void {
    const { activeSeries, maxActiveSeries, quotaSeries, quota } = taken;
    if (activeSeries !== undefined) {
      this.#activeSeries.set({ tenant }, activeSeries);
      this.#seriesLimit.set({ tenant }, maxActiveSeries);
    }
    if (quotaSeries !== undefined && quota !== undefined) {
      this.#quotaSeries.set({ namespace }, quotaSeries);
      this.#quota.set({ namespace }, quota);
    }
  }

  reset(): void {
    for (const gauge of [this.#activeSeries, this.#seriesLimit, this.#quotaSeries, this.#quota]) {
      gauge.reset();
    }
  }
}
