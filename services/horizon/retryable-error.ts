/** A store that does not take anything now. What was to be written waits; nothing is lost. */
export class RetryableError extends Error {
  override readonly name = "RetryableError";
  /** How long the store asked not to be tried again, in ms; 0 when it did not say. */
  readonly retryAfterMs: number;

  constructor(message: string, options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}
