import type { SeriesTable, StreamSeries } from "./series-table.ts";
import type { Stream } from "./stream.ts";

/** What sets streams apart. */
export interface StreamName {
  readonly tenant: string;
  /** All else that tells it from the tenant's others, the words of its headers among it. */
  readonly words: string;
  /** Whose rules it was opened with; only the object counts. The same words under another policy are another stream. */
  readonly policy: object;
}

interface OpenStream {
  readonly policy: object;
  readonly series: StreamSeries;
}

/** The streams of a tenant by their words, the one used last at the end. */
type TenantStreams = Map<string, OpenStream>;

/**
 * The streams in use. When there are too many, the tenant that has most loses the one that it has not used for
 * longest: a sender that changes its headers all the time costs neither memory nor other tenants their streams.
 */
export class StreamTable {
  /** The tenant that was seen last is at the end. */
  readonly #tenants = new Map<string, TenantStreams>();
  readonly #maxStreams: number;
  readonly #series: SeriesTable;
  #size = 0;

  constructor(series: SeriesTable, maxStreams: number) {
    this.#series = series;
    this.#maxStreams = maxStreams;
  }

  /** The open stream of that name, or undefined. */
  find({ tenant, words, policy }: StreamName): StreamSeries | undefined {
    const streams = this.#tenants.get(tenant);
    const found = streams?.get(words);
    if (!streams || found?.policy !== policy) {
      return undefined;
    }
    moveToEnd(streams, words, found);
    moveToEnd(this.#tenants, tenant, streams);
    return found.series;
  }

  /** Opens a stream, in the place of one with the same words under another policy. */
  open({ tenant, words, policy }: StreamName, stream: Stream): StreamSeries {
    const series = this.#series.openStream(stream);
    const streams: TenantStreams = this.#tenants.get(tenant) ?? new Map();
    this.#close(streams, words);
    moveToEnd(streams, words, { policy, series });
    moveToEnd(this.#tenants, tenant, streams);
    this.#size++;
    if (this.#size > this.#maxStreams) {
      this.#closeOne();
    }
    return series;
  }

  /** Forgets every stream: the rules have changed. */
  clear(): void {
    for (const streams of this.#tenants.values()) {
      for (const words of [...streams.keys()]) {
        this.#close(streams, words);
      }
    }
    this.#tenants.clear();
    this.#series.forgetAll();
  }

  #closeOne(): void {
    let most: [tenant: string, streams: TenantStreams] | undefined;
    for (const entry of this.#tenants) {
      if (!most || entry[1].size > most[1].size) {
        most = entry;
      }
    }
    const [tenant = "", streams] = most ?? [];
    const [oldest = ""] = streams?.keys() ?? [];
    if (streams) {
      this.#close(streams, oldest);
    }
    if (streams?.size === 0) {
      this.#tenants.delete(tenant);
    }
  }

  #close(streams: TenantStreams, words: string): void {
    if (streams.delete(words)) {
      this.#size--;
    }
  }
}

function moveToEnd<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
}
