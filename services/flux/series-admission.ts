import type { BlockOwner } from "../shared/block.ts";
import { activeSeriesKeys, quotaKey } from "../shared/buffer-keys.ts";
import { GENERATION_MS, generationAt } from "../shared/generation.ts";
import type { RunScript } from "../shared/redis-scripts/run-script.ts";
import { RECORD_HEADER_BYTES } from "../shared/registry-record.ts";
import { idBytes, type SeriesHasher } from "../shared/series-id.ts";
import { parseAdmissionReply } from "./admission-reply.ts";
import type { KeptSamples } from "./intake/intake.ts";
import type { KnownSeries } from "./intake/known-series.ts";
import type { TurnedAway } from "./intake/turn-away.ts";

/** Series in one run of a script: Redis does nothing else meanwhile. */
const SERIES_PER_RUN = 1000;
/** How far clocks may differ without a place being lost. */
const CLOCK_DIFFERENCE_MS = 300_000;
const PLACES_EXPIRE_MS = 2 * GENERATION_MS + CLOCK_DIFFERENCE_MS;

/** How many series a sender may have. */
export interface AdmissionLimits {
  /** Active series of its tenant at a time; 0: any number. */
  readonly maxActiveSeries: number;
  /** Series of its namespace in all time; undefined: any number. */
  readonly quota: number | undefined;
}

/** What limit and quota said of a request. */
export interface Admission extends TurnedAway {
  readonly ok: true;
  readonly round: number;
  /** Places taken in the quota; undefined where it was not asked. */
  readonly quotaSeries: number | undefined;
  readonly quota: number | undefined;
}

/** A request that alone names more series than a quota of which nothing is taken has places. It is refused whole. */
export interface InitialBreach {
  readonly ok: false;
  readonly quota: number;
  readonly submitted: number;
}

export interface SeriesAdmissionOptions {
  readonly runScript: RunScript;
  readonly hasher: SeriesHasher;
  readonly keyPrefix: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Asks Redis for a place for every new series of a sender with a limit of active series or a quota; the counts are
 * exact over all Flux processes. A series that has one is not asked for again until the hour turns or `forget` is
 * called; one that has none is asked for with every request.
 *
 * The quota comes first. A series that has a place there and none under the limit keeps the former, and is stored as
 * soon as the limit has room.
 */
export class SeriesAdmission {
  readonly #options: SeriesAdmissionOptions;
  #generation = 0;
  /** Grows with every generation and every `forget`: a series admitted in another round has to be asked for again. */
  #round = 1;

  constructor(options: SeriesAdmissionOptions) {
    this.#options = options;
  }

  /** Places were lost or taken away. */
  forget(): void {
    this.#round++;
  }

  /**
   * @param before what was said of the same samples a moment ago: it stands unless places were forgotten since.
   * @throws when Redis does not answer or refuses.
   */
  async admit(
    kept: KeptSamples,
    owner: BlockOwner,
    limits: AdmissionLimits,
    before?: Admission,
  ): Promise<Admission | InitialBreach> {
    this.#enterGeneration();
    const round = this.#round;
    if (before?.round === round) {
      return before;
    }
    const { known } = kept;
    const inQuota = await this.#askQuota(seriesOutside(kept, round), owner.namespace, limits.quota, kept);
    if (!inQuota.ok) {
      return inQuota;
    }
    const active = await this.#askLimit(known, inQuota.admitted, owner.tenant, limits.maxActiveSeries);
    for (const series of active.admitted) {
      known.admissions[series] = round;
    }
    return {
      ok: true,
      round,
      overQuota: inQuota.turnedAway,
      quotaSeries: inQuota.taken,
      quota: limits.quota,
      overLimit: active.turnedAway,
      activeSeries: active.taken,
      maxActiveSeries: limits.maxActiveSeries,
    };
  }

  #enterGeneration(): void {
    const generation = generationAt(this.#options.now());
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#round++;
    }
  }

  async #askQuota(
    series: readonly number[],
    namespace: string,
    quota: number | undefined,
    kept: KeptSamples,
  ): Promise<Places | InitialBreach> {
    if (quota === undefined || series.length === 0) {
      return placesForAll(series);
    }
    const submitted = new Set(kept.series).size;
    const keys = [quotaKey(this.#options.keyPrefix, namespace)];
    const places = await askInRuns(series, (run) =>
      this.#options.runScript("admit-to-quota", keys, [
        quota,
        submitted,
        ...run.map((one) => labelBytesOf(kept.known, one)),
      ]),
    );
    return places ?? { ok: false, quota, submitted };
  }

  async #askLimit(
    known: KnownSeries,
    series: readonly number[],
    tenant: string,
    maxActiveSeries: number,
  ): Promise<Places> {
    if (maxActiveSeries === 0 || series.length === 0) {
      return placesForAll(series);
    }
    const { runScript, hasher, keyPrefix } = this.#options;
    const { thisHour, lastHour, count } = activeSeriesKeys(keyPrefix, tenant);
    // Not the id that it has now: that changes when it turns out to be taken, and the place would be lost.
    const firstChoice = (one: number) => idBytes(hasher.idOf(labelBytesOf(known, one), 0));
    const places = await askInRuns(series, (run) =>
      runScript(
        "admit-to-limit",
        [thisHour, lastHour, count],
        [maxActiveSeries, this.#generation, PLACES_EXPIRE_MS, ...run.map(firstChoice)],
      ),
    );
    if (!places) {
      throw new Error("cannot read the reply of admit-to-limit: it answers as only admit-to-quota does");
    }
    return places;
  }
}

/** What came of asking for places. */
interface Places {
  readonly ok: true;
  readonly admitted: readonly number[];
  readonly turnedAway: ReadonlySet<number>;
  /** Places taken then, by whatever series; undefined where nobody asked. */
  readonly taken: number | undefined;
}

function placesForAll(series: readonly number[]): Places {
  return { ok: true, admitted: series, turnedAway: new Set(), taken: undefined };
}

/** @returns undefined when the script answers that there are too many. */
async function askInRuns(
  series: readonly number[],
  ask: (run: readonly number[]) => Promise<unknown>,
): Promise<Places | undefined> {
  const admitted: number[] = [];
  const turnedAway = new Set<number>();
  let taken = 0;
  for (let start = 0; start < series.length; start += SERIES_PER_RUN) {
    const run = series.slice(start, start + SERIES_PER_RUN);
    const reply = parseAdmissionReply(await ask(run));
    if (reply.kind === "too_many") {
      return undefined;
    }
    taken = reply.taken;
    for (const [position, one] of run.entries()) {
      if (reply.without.has(position)) {
        turnedAway.add(one);
      } else {
        admitted.push(one);
      }
    }
  }
  return { ok: true, admitted, turnedAway, taken };
}

/** The series of samples that were not admitted in this round, each once. */
function seriesOutside({ series, known: { admissions } }: KeptSamples, round: number): number[] {
  const outside = new Set<number>();
  for (const one of series) {
    if (admissions[one] !== round) {
      outside.add(one);
    }
  }
  return [...outside];
}

function labelBytesOf(known: KnownSeries, series: number): Buffer {
  return known.recordOf(series).subarray(RECORD_HEADER_BYTES);
}
