import type { BlockOwner } from "../shared/block.ts";
import type { RunScript } from "../shared/redis-scripts/run-script.ts";
import { decodeRecord } from "../shared/registry-record.ts";
import type { BufferWriter, Commit } from "./buffer-writer.ts";
import type { KeptSamples } from "./intake/intake.ts";
import type { KnownSeries } from "./intake/known-series.ts";
import { keptWithout } from "./intake/turn-away.ts";
import type { AdmissionLimits, SeriesAdmission } from "./series-admission.ts";
import { skylineMember, skylineMetric } from "./skyline-member.ts";

/** Members in one run of the script: Redis does nothing else meanwhile, and Flux holds no more of them as text. */
const MEMBERS_PER_RUN = 1000;

export interface SkylineWriterOptions {
  readonly runScript: RunScript;
  readonly membersKey: string;
  /** Places that a Redis without its data has forgotten are asked for again when the hour turns: the set has no epoch. */
  readonly admission: Pick<SeriesAdmission, "admit">;
  /** Most bytes of memory that the set may take. */
  readonly maxBytes: number;
}

/**
 * Writes samples as members of Skyline's set, for its own Horizon. Does what `BufferWriter` does for blocks: all of a
 * request is confirmed by Redis before `commit` returns; when it throws or says that the set is full, a part may be
 * there, and the sender's next try is harmless because the same sample is the same member.
 */
export class SkylineWriter implements Pick<BufferWriter, "commit"> {
  readonly #options: SkylineWriterOptions;
  /** What Skyline knows a series by; as long as Flux remembers the series itself. */
  readonly #metrics = new WeakMap<KnownSeries, Map<number, string>>();

  constructor(options: SkylineWriterOptions) {
    this.#options = options;
  }

  /**
   * Stores samples of one owner, but for those of new series for which its limits have no place.
   * @param limits left out where the owner has none.
   * @returns whether limits and set had room. @throws when Redis does not answer or refuses.
   */
  async commit(kept: KeptSamples, owner: BlockOwner, limits?: AdmissionLimits): Promise<Commit> {
    const admission = limits && (await this.#options.admission.admit(kept, owner, limits));
    if (admission?.ok === false) {
      return { ok: false, breach: admission };
    }
    const samples = admission ? keptWithout(kept, admission) : kept;
    let blockBytes = 0;
    for (let start = 0; start < samples.series.length; start += MEMBERS_PER_RUN) {
      const members = this.#membersFrom(start, samples, owner);
      const fullBytes = await this.#add(members);
      if (fullBytes !== undefined) {
        return { ok: false, fullBytes };
      }
      blockBytes += members.reduce((sum, member) => sum + Buffer.byteLength(member), 0);
    }
    return { ok: true, registeredSeries: 0, blockBytes, ...(admission && { admission }) };
  }

  #membersFrom(start: number, kept: KeptSamples, owner: BlockOwner): string[] {
    const { series, known, timestampsMs, valueBits } = kept;
    const values = new Float64Array(valueBits.buffer, valueBits.byteOffset, valueBits.length);
    return Array.from(series.subarray(start, start + MEMBERS_PER_RUN), (one, i) => {
      const sample = { timestampMs: timestampsMs[start + i] ?? 0, value: values[start + i] ?? 0 };
      return skylineMember(owner, sample, this.#metricOf(known, one));
    });
  }

  /** @returns how many bytes the set takes, where it has no room for these members. */
  async #add(members: readonly string[]): Promise<number | undefined> {
    const { runScript, membersKey, maxBytes } = this.#options;
    const reply = await runScript("add-skyline-members", [membersKey], [maxBytes, ...members]);
    if (reply !== null && typeof reply !== "number") {
      throw new Error(`cannot read the reply of add-skyline-members: ${String(reply).slice(0, 100)}`);
    }
    return reply ?? undefined;
  }

  #metricOf(known: KnownSeries, series: number): string {
    const metrics = this.#metrics.get(known) ?? new Map<number, string>();
    this.#metrics.set(known, metrics);
    let metric = metrics.get(series);
    if (metric === undefined) {
      const record = decodeRecord(known.recordOf(series));
      if (!record) {
        throw new Error("cannot name a series: its record is damaged");
      }
      metric = skylineMetric(record.labels);
      metrics.set(series, metric);
    }
    return metric;
  }
}
