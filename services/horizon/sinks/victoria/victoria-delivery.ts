import type { BodyWriter } from "../../../kernel/body-writer.ts";
import type { KnownSeries } from "../../known-series.ts";
import type { SeriesSamples, Slice } from "../../slice.ts";
import { Tally } from "../../tally.ts";
import type { Delivery, OnRefused } from "../sink.ts";
import { type Batch, type BatchLimits, cutBatches } from "./batches.ts";
import { type RefusedGroup, type SendOutcome, sendOrBisect } from "./bisect.ts";

export interface VictoriaDeliveryOptions {
  readonly limits: BatchLimits;
  /** Whether a series is this store's to hold; the samples of others are counted and left out. */
  readonly owns: (series: KnownSeries) => boolean;
  readonly bodies: Pick<BodyWriter, "write">;
  readonly onRefused: OnRefused;
  readonly send: (tenant: string, body: Buffer, signal: AbortSignal) => Promise<SendOutcome>;
  /** @throws RetryableError when the store refuses even what nobody could refuse. */
  readonly check: (signal: AbortSignal) => Promise<void>;
}

/** One claim on its way into a remote-write receiver: every sample, bit for bit. */
export class VictoriaDelivery implements Delivery {
  readonly #options: VictoriaDeliveryOptions;
  readonly #tally = new Tally();

  constructor(options: VictoriaDeliveryOptions) {
    this.#options = options;
  }

  async write(slice: Slice, signal: AbortSignal): Promise<void> {
    const own = { ...slice, groups: slice.groups.filter((group) => this.#isOwn(group)) };
    for (const batch of cutBatches(own, this.#options.limits)) {
      await this.#deliver(slice, batch, signal);
    }
  }

  async finish(): Promise<Tally> {
    return this.#tally;
  }

  #isOwn({ series, tenant, count }: SeriesSamples): boolean {
    const isOwn = this.#options.owns(series);
    if (!isOwn) {
      this.#tally.skip(tenant, "held_by_other_store", count);
    }
    return isOwn;
  }

  async #deliver(slice: Slice, { tenant, groups }: Batch, signal: AbortSignal): Promise<void> {
    let isChecked = false;
    const send = async (some: readonly SeriesSamples[]) => {
      const outcome = await this.#options.send(tenant, this.#options.bodies.write(some, slice), signal);
      if (!outcome.ok && !isChecked) {
        // A wrong path or a proxy may refuse everything: then nothing is wrong with the samples, and they wait.
        await this.#options.check(signal);
        isChecked = true;
      }
      return outcome;
    };
    const refused = await sendOrBisect(groups, send);
    const lost = new Map<KnownSeries, number>();
    for (const one of refused) {
      await this.#bury(slice, one);
      lost.set(one.group.series, (lost.get(one.group.series) ?? 0) + one.group.count);
    }
    for (const { series, tenant: owner, count } of groups) {
      this.#tally.write(owner, count - (lost.get(series) ?? 0));
    }
  }

  async #bury({ timestampsMs, valueBits }: Slice, one: RefusedGroup): Promise<void> {
    const { series, tenant, namespace, first, count } = one.group;
    const samples = Array.from({ length: count }, (_, i) => ({
      timestampMs: timestampsMs[first + i] ?? 0,
      bits: valueBits[first + i] ?? 0n,
    }));
    await this.#options.onRefused({ series, tenant, namespace, detail: `${one.status} ${one.words}`.trim(), samples });
    this.#tally.bury(tenant, "refused_by_store", count);
  }
}
