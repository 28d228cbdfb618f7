/** How a series is created. */
export interface TimeSeriesShape {
  readonly retentionMs: number;
  readonly chunkBytes: number;
}
