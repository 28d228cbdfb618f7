import type { Readable } from "node:stream";

/** A request to write, as the HTTP layer hands it over. */
export interface WriteRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly path: string;
  readonly query: URLSearchParams;
  /** A stream of which nothing has been read, or the body where a dialect had to look into it first. */
  readonly body: Readable | Buffer;
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
