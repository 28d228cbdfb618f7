import type { IncomingBody } from "./http/incoming-body.ts";
import type { Reservation } from "./http/memory-budget.ts";

/** A request to write, as the HTTP layer hands it over. */
export interface WriteRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Nothing of it has been read, unless a dialect had to look into it first. */
  readonly body: Pick<IncomingBody, "read">;
  /** Where the memory for the body, raw, expanded and decoded, is taken from. All of it is given back by others. */
  readonly memory: Omit<Reservation, "release">;
}

/** A header's value; where it was sent more than once, the first. */
export function singleHeader(headers: WriteRequest["headers"], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The Content-Encoding of a request, `identity` where it names none. */
export function contentEncoding(headers: WriteRequest["headers"]): string {
  return (singleHeader(headers, "content-encoding") ?? "").trim().toLowerCase() || "identity";
}
