import type { DecodedWriteRequest, MetadataEntry, RawSeries, UnreadMetadata } from "./codec.ts";

/** A request that the kernel has read. Its series are made when somebody asks: nobody does where all are known. */
export class KernelRequest implements DecodedWriteRequest {
  readonly hasOneSampleEach: boolean;
  readonly labelBytes: number;
  readonly timestampsMs: Float64Array;
  readonly valueBits: BigUint64Array;
  readonly metadata: readonly MetadataEntry[];
  readonly unreadMetadata: UnreadMetadata;
  readonly #makeSeries: () => readonly RawSeries[];
  #series: readonly RawSeries[] | undefined;

  /** @param makeSeries may throw, when it is called after the kernel has read another request. */
  constructor(makeSeries: () => readonly RawSeries[], rest: Omit<DecodedWriteRequest, "series">) {
    this.#makeSeries = makeSeries;
    this.hasOneSampleEach = rest.hasOneSampleEach;
    this.labelBytes = rest.labelBytes;
    this.timestampsMs = rest.timestampsMs;
    this.valueBits = rest.valueBits;
    this.metadata = rest.metadata;
    this.unreadMetadata = rest.unreadMetadata;
  }

  get series(): readonly RawSeries[] {
    this.#series ??= this.#makeSeries();
    return this.#series;
  }
}
