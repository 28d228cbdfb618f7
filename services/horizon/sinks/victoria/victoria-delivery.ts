import type { BodyWriter, SeriesRuns } from "../../../kernel/body-writer.ts";
import type { SeriesId } from "../../../shared/series.ts";
import type { SampleGroups } from "../../sample-groups.ts";
import type { Slice } from "../../slice.ts";
import { Tally } from "../../tally.ts";
import type { Delivery, OnRefused } from "../sink.ts";
import { type Batch, type BatchLimits, cutBatches } from "./batches.ts";
import { type RefusedRun, type SendOutcome, sendOrBisect } from "./bisect.ts";

/** Most requests of a delivery are of about the same size. */
const SPARE_ROOM = 1.25;

/** Whether a series is a store's to hold, by its id. Undefined for a store that holds all. */
export type OwnsSeries = ((id: SeriesId) => boolean) | undefined;

export interface VictoriaDeliveryOptions {
  readonly limits: BatchLimits;
  /** The samples of series that are not this store's are counted and left out. */
  readonly owns: OwnsSeries;
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
  /** Where the bodies of requests are, one after the other. */
  #room = Buffer.alloc(0);

  constructor(options: VictoriaDeliveryOptions) {
    this.#options = options;
  }

  async write(slice: Slice, signal: AbortSignal): Promise<void> {
    const { groups } = slice;
    const written = new Float64Array(groups.owners.length);
    for (const batch of cutBatches(groups, this.#chooseOwn(groups), this.#options.limits)) {
      await this.#deliver(slice, batch, written, signal);
    }
    for (const [i, samples] of written.entries()) {
      this.#tally.write(groups.owners[i]?.tenant ?? "", samples);
    }
  }

  async finish(): Promise<Tally> {
    return this.#tally;
  }

  /** @returns the numbers of the groups that are this store's. */
  #chooseOwn(groups: SampleGroups): Int32Array {
    const { owns } = this.#options;
    const own = new Int32Array(groups.length);
    let chosen = 0;
    for (let i = 0; i < own.length; i++) {
      if (!owns || owns(groups.at(i).series.id)) {
        own[chosen++] = i;
      } else {
        const { tenant, count } = groups.at(i);
        this.#tally.skip(tenant, "held_by_other_store", count);
      }
    }
    return own.subarray(0, chosen);
  }

  /** @param written where the samples that are taken are counted, by owner. */
  async #deliver(slice: Slice, { tenant, runs }: Batch, written: Float64Array, signal: AbortSignal): Promise<void> {
    const { bodies, check } = this.#options;
    const { numbers, table: labels } = slice.groups;
    const columns = { numbers, labels, timestampsMs: slice.timestampsMs, valueBits: slice.valueBits };
    let isChecked = false;
    const send = async (some: SeriesRuns) => {
      const body = bodies.write(some, columns, (bytes) => this.#roomFor(bytes));
      const outcome = await this.#options.send(tenant, body, signal);
      if (!outcome.ok) {
        // It may have been answered before it was read to its end.
        this.#room = Buffer.alloc(0);
      }
      if (!outcome.ok && !isChecked) {
        // A wrong path or a proxy may refuse everything: then nothing is wrong with the samples, and they wait.
        await check(signal);
        isChecked = true;
      }
      return outcome;
    };
    const refused = await sendOrBisect(runs, send);
    const { ownerNumbers } = slice.groups;
    for (let i = 0; i < runs.groups.length; i++) {
      const owner = ownerNumbers[runs.groups[i] ?? 0] ?? 0;
      written[owner] = (written[owner] ?? 0) + (runs.counts[i] ?? 0);
    }
    for (const one of refused) {
      const owner = ownerNumbers[one.group] ?? 0;
      written[owner] = (written[owner] ?? 0) - one.count;
      await this.#bury(slice, one);
    }
  }

  #roomFor(bytes: number): Buffer {
    if (bytes > this.#room.length) {
      this.#room = Buffer.allocUnsafeSlow(Math.ceil(bytes * SPARE_ROOM));
    }
    return this.#room.subarray(0, bytes);
  }

  async #bury({ groups, timestampsMs, valueBits }: Slice, { group, first, count, ...said }: RefusedRun): Promise<void> {
    const { series, tenant, namespace } = groups.at(group);
    const samples = Array.from({ length: count }, (_, i) => ({
      timestampMs: timestampsMs[first + i] ?? 0,
      bits: valueBits[first + i] ?? 0n,
    }));
    const detail = `${said.status} ${said.words}`.trim();
    await this.#options.onRefused({ series, tenant, namespace, detail, samples });
    this.#tally.bury(tenant, "refused_by_store", count);
  }
}
