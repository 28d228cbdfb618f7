import type { LabelSet } from "../../shared/series.ts";
import type { SeriesFault } from "./series-check.ts";

/** What a format of the buffer can hold, beside the limits that hold for every format. */
export interface BufferFormat {
  /** Whether it holds samples without a number, Prometheus' stale markers among them. Where not, they are dropped. */
  readonly holdsNan: boolean;
  /**
   * Whether it holds the samples of a series.
   * @param labels those that are to be stored, the owner's included.
   */
  checkSeries(
    labels: LabelSet,
    owner: { readonly tenant: string; readonly server: string },
  ): { ok: true } | SeriesFault;
}

/** Blocks hold whatever passes the limits. */
export const BLOCK_FORMAT: BufferFormat = { holdsNan: true, checkSeries: () => ({ ok: true }) };
