import { Aggregation, AggregationType, TimestampRange } from "redis-time-series-ts";
import { timeSeriesKey } from "../../shared/buffer-keys.ts";
import { compareUtf8, type LabelSet, TENANT_LABEL } from "../../shared/series.ts";
import { decodeLabelText } from "../sinks/timeseries/label-text.ts";
import { moduleFilters, type VisibleTenants } from "./module-filters.ts";
import type { Pace } from "./pace.ts";
import type { AggregationName, RecentQuery } from "./recent-query.ts";
import type { LabelMap } from "./selector-matcher.ts";
import type { TimeSeriesReader } from "./timeseries-reader.ts";

/** A series and its points in the time that was asked for, of which there is at least one. */
export interface ReadSeries {
  readonly labels: LabelSet;
  readonly points: readonly ReadPoint[];
}

export interface ReadPoint {
  readonly timestampMs: number;
  /** Finite. */
  readonly value: number;
}

type SeriesInfo = Awaited<ReturnType<TimeSeriesReader["info"]>>;

/** Bounds on one answer. */
export interface ReadLimits {
  readonly maxSeries: number;
  readonly maxPoints: number;
  /** Series whose labels are looked at because RedisTimeSeries cannot tell whether they match. */
  readonly maxSearched: number;
}

export interface SeriesSource {
  readonly reader: TimeSeriesReader;
  readonly keyPrefix: string;
  readonly limits: ReadLimits;
}

export type ReadOutcome =
  | { ok: true; series: readonly ReadSeries[] /** What is not in the answer, and why. */; warnings: readonly string[] }
  | { ok: false; code: "no_value_named" | "too_many_series" | "too_many_points"; detail: string };

/** Series whose labels are asked for at a time. */
const SERIES_AT_ONCE = 100;
/** Samples that are asked for at a time, if there is more than one series. */
const POINTS_AT_ONCE = 20_000;
const SERIES_ID = /^[0-9a-f]{16}$/;
const AGGREGATION_TYPES: Readonly<Record<AggregationName, AggregationType>> = {
  avg: AggregationType.AVG,
  min: AggregationType.MIN,
  max: AggregationType.MAX,
  sum: AggregationType.SUM,
  count: AggregationType.COUNT,
  last: AggregationType.LAST,
  first: AggregationType.FIRST,
};

/**
 * Reads the series that a query selects, and none but those of the tenants that the reader may see. Work is bounded by
 * the limits; what did not fit is said, and a series is answered with all of its points or not at all.
 * @returns series in the order of their labels.
 * @throws the reason of the pace, and Error when RedisTimeSeries does not answer.
 */
export async function readSeries(
  source: SeriesSource,
  query: RecentQuery,
  tenants: VisibleTenants,
  pace: Pace,
): Promise<ReadOutcome> {
  const found = await findCandidates(source, query, tenants);
  if (!found.ok) {
    return found;
  }
  const { limits } = source;
  const reading = new Reading(source, query, pace, {
    maxSeries: Math.min(query.maxSeries ?? limits.maxSeries, limits.maxSeries),
    isWanted: (labels) => isVisible(labels, tenants) && query.selectors.some(({ matches }) => matches(labels)),
  });
  return reading.run(found.keys);
}

type Candidates = { ok: true; keys: readonly string[] } | Extract<ReadOutcome, { ok: false }>;

/** The keys of all series that may be selected, in the order of their ids. */
async function findCandidates(
  { reader, keyPrefix, limits }: SeriesSource,
  { selectors }: RecentQuery,
  tenants: VisibleTenants,
): Promise<Candidates> {
  const begin = timeSeriesKey(keyPrefix, "");
  const keys = new Set<string>();
  for (const { selector } of selectors) {
    const asked = moduleFilters(selector, tenants);
    if (!asked) {
      const detail = 'each match must name a value, like {job="node"}, unless the header x-tenant-id names a tenant';
      return { ok: false, code: "no_value_named", detail: `cannot look for series: ${detail}` };
    }
    const answer = await reader.queryIndex(asked.filters);
    const own = answer.filter((key) => key.startsWith(begin) && SERIES_ID.test(key.slice(begin.length)));
    if (!asked.isExact && own.length > limits.maxSearched) {
      const detail = `${own.length} may match and RTS_READ_MAX_SEARCHED is ${limits.maxSearched}; name more values`;
      return { ok: false, code: "too_many_series", detail: `cannot search so many series: ${detail}` };
    }
    for (const key of own) {
      keys.add(key);
    }
  }
  return { ok: true, keys: [...keys].sort() };
}

function isVisible(labels: LabelMap, tenants: VisibleTenants): boolean {
  return tenants === "any" || tenants.has(labels.get(TENANT_LABEL) ?? "");
}

interface Selection {
  readonly maxSeries: number;
  readonly isWanted: (labels: LabelMap) => boolean;
}

/** A series that is to be read. */
interface Wanted {
  readonly key: string;
  readonly labels: LabelMap;
  /** No fewer than it has points to answer with. */
  readonly maxPoints: number;
}

/** One answer as it comes together. */
class Reading {
  readonly #source: SeriesSource;
  readonly #query: RecentQuery;
  readonly #pace: Pace;
  readonly #selection: Selection;
  readonly #series: ReadSeries[] = [];
  #points = 0;
  /** Sums that are too large for a number. */
  #overflown = 0;

  constructor(source: SeriesSource, query: RecentQuery, pace: Pace, selection: Selection) {
    this.#source = source;
    this.#query = query;
    this.#pace = pace;
    this.#selection = selection;
  }

  async run(keys: readonly string[]): Promise<ReadOutcome> {
    for (let start = 0; start < keys.length; start += SERIES_AT_ONCE) {
      const wanted = await this.#select(keys.slice(start, start + SERIES_AT_ONCE));
      for (const group of groupsOf(wanted)) {
        const cut = await this.#readGroup(group, keys.length);
        if (cut) {
          return cut;
        }
      }
    }
    return this.#answer([]);
  }

  /** Those of the keys whose series are wanted. */
  async #select(keys: readonly string[]): Promise<Wanted[]> {
    await this.#pace.check();
    const infos = await Promise.all(keys.map((key) => orGone(this.#source.reader.info(key))));
    const wanted: Wanted[] = [];
    for (const [i, info] of infos.entries()) {
      const key = keys[i];
      if (info && key !== undefined && this.#mayHavePoints(info)) {
        const labels = labelsByName(info.labels);
        if (this.#selection.isWanted(labels)) {
          wanted.push({ key, labels, maxPoints: this.#maxPoints(info.totalSamples) });
        }
        await this.#pace.check();
      }
    }
    return wanted;
  }

  #mayHavePoints({ totalSamples, firstTimestamp, lastTimestamp }: SeriesInfo): boolean {
    return totalSamples > 0 && firstTimestamp <= this.#query.endMs && lastTimestamp >= this.#query.startMs;
  }

  #maxPoints(totalSamples: number): number {
    const { startMs, endMs, aggregation } = this.#query;
    const steps = aggregation ? (endMs - startMs) / aggregation.stepMs + 2 : Number.POSITIVE_INFINITY;
    return Math.min(totalSamples, steps, this.#left() + 1);
  }

  #left(): number {
    return this.#source.limits.maxPoints - this.#points;
  }

  /** @returns the answer, where it cannot have all of these series. */
  async #readGroup(group: readonly Wanted[], candidates: number): Promise<ReadOutcome | undefined> {
    await this.#pace.check();
    const pointsOf = await Promise.all(group.map(({ key }) => this.#readPoints(key)));
    for (const [i, points] of pointsOf.entries()) {
      const labels = group[i]?.labels;
      if (!labels || points.length === 0) {
        continue;
      }
      if (this.#series.length === this.#selection.maxSeries) {
        return this.#cut(
          candidates,
          `${this.#selection.maxSeries} series`,
          "RTS_READ_MAX_SERIES, or limit in the request",
        );
      }
      if (points.length > this.#left()) {
        const { maxPoints } = this.#source.limits;
        return this.#series.length === 0
          ? { ok: false, code: "too_many_points", detail: tooManyPoints(maxPoints) }
          : this.#cut(candidates, `${maxPoints} points`, "RTS_READ_MAX_POINTS");
      }
      this.#take(labels, points);
    }
    return undefined;
  }

  async #readPoints(key: string): Promise<ReadPoint[]> {
    const { startMs, endMs, aggregation } = this.#query;
    const samples = await orGone(
      this.#source.reader.range(
        key,
        new TimestampRange(startMs, endMs),
        this.#left() + 1,
        aggregation && new Aggregation(AGGREGATION_TYPES[aggregation.name], aggregation.stepMs),
      ),
    );
    return (samples ?? []).map((sample) => ({ timestampMs: Number(sample.getTimestamp()), value: sample.getValue() }));
  }

  #take(labels: LabelMap, points: readonly ReadPoint[]): void {
    // Nothing that is stored is infinite, but a sum may be, which the package reads as NaN.
    const finite = points.filter(({ value }) => Number.isFinite(value));
    this.#overflown += points.length - finite.length;
    this.#points += points.length;
    if (finite.length > 0) {
      this.#series.push({ labels: sortedLabels(labels), points: finite });
    }
  }

  #cut(candidates: number, limit: string, setting: string): ReadOutcome {
    const { length } = this.#series;
    return this.#answer([
      `the answer has ${length} series of up to ${candidates} that match: it may have ${limit} (${setting}); ask for fewer`,
    ]);
  }

  #answer(warnings: readonly string[]): ReadOutcome {
    const overflown =
      this.#overflown === 0 ? [] : [`${this.#overflown} points are left out: their sums are too large for a number`];
    return { ok: true, series: this.#series.sort(byLabels), warnings: [...warnings, ...overflown] };
  }
}

function tooManyPoints(maxPoints: number): string {
  return `cannot answer: a single series has more than ${maxPoints} points (RTS_READ_MAX_POINTS); ask for a shorter time, or for a longer step`;
}

/** Puts series together that have so few points that they can be read at a time. */
function* groupsOf(wanted: readonly Wanted[]): Generator<Wanted[]> {
  let group: Wanted[] = [];
  let points = 0;
  for (const one of wanted) {
    if (group.length > 0 && points + one.maxPoints > POINTS_AT_ONCE) {
      yield group;
      group = [];
      points = 0;
    }
    group.push(one);
    points += one.maxPoints;
  }
  if (group.length > 0) {
    yield group;
  }
}

/** Undefined where the series has expired meanwhile. */
async function orGone<Reply>(reply: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof Error && /TSDB: the key does not exist$/.test(error.message)) {
      return undefined;
    }
    throw error;
  }
}

function labelsByName(labels: SeriesInfo["labels"]): LabelMap {
  return new Map(
    labels.map((label) => [decodeLabelText(label.getName()), decodeLabelText(String(label.getValue()))] as const),
  );
}

function sortedLabels(labels: LabelMap): LabelSet {
  return [...labels].map(([name, value]) => ({ name, value })).sort((a, b) => compareUtf8(a.name, b.name));
}

function byLabels(a: ReadSeries, b: ReadSeries): number {
  for (const [i, label] of a.labels.entries()) {
    const other = b.labels[i];
    if (!other) {
      return 1;
    }
    const order = compareUtf8(label.name, other.name) || compareUtf8(label.value, other.value);
    if (order !== 0) {
      return order;
    }
  }
  return a.labels.length - b.labels.length;
}
