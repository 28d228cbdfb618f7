import type { Readable } from "node:stream";

/** A request to write, as the HTTP layer hands it over: nothing of the body has been read. */
export interface WriteRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** A header's value; where it was sent more than once, the first. */
export function singleHeader(headers: WriteRequest["headers"], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
