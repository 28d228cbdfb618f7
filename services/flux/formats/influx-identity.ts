import { singleHeader, type WriteRequest } from "../write-request.ts";
import { bucketWords, pathWords, retentionWords, type SenderWords, userWords } from "./influx-sender-words.ts";

/*
 * Where senders that cannot set headers say who they are. Each place fills only what the ones before it left open:
 *
 *   key     header `key`; password of Basic; Token; `p=` where that is allowed
 *   tenant  path /t/{tenant}/s/{server}; ?x-tenant-id=; header; user name; ?org=
 *   server  path; ?x-server-id=; header; user name; ?rp=; ?bucket={name}/{server}
 *   url     ?x-server-url=; header; user name
 *   rules   ?dropMetrics=, ?doNotDropMetrics=, ?dropLabels=, ?x-test-only=; header
 *
 * Nothing of this is trusted: the key decides whose tenant and server these may be (`identifySender`).
 */

/** Headers that a query argument of the same name, in any case, goes before. */
const HEADERS_IN_QUERY = [
  "x-tenant-id",
  "x-server-id",
  "x-server-url",
  "dropmetrics",
  "donotdropmetrics",
  "droplabels",
  "x-test-only",
] as const;

/** A key and the user name that came with it. */
interface Credentials {
  readonly user: string;
  readonly key: string;
}

const NO_CREDENTIALS: Credentials = { user: "", key: "" };

/**
 * The headers that identity and rules are read from, with what a request to write line protocol says elsewhere.
 * @param options.queryCredentials whether `u=` and `p=` in the query count: proxies write URLs into their logs.
 * @returns all headers of the request with those found elsewhere in their place; or why a place cannot be read, in
 * words that never quote a key or a user name.
 */
export function influxIdentity(
  { path, query, headers }: Pick<WriteRequest, "path" | "query" | "headers">,
  options: { readonly queryCredentials: boolean },
): { ok: true; headers: WriteRequest["headers"] } | { ok: false; code: "bad_identity"; detail: string } {
  // A user name counts only with the key that came with it: with another key it is not that key's owner who says it.
  const { user, key } = isGiven(headers, "key") ? NO_CREDENTIALS : findCredentials(headers, query, options);
  const inPath = pathWords(path);
  const inUser = userWords(user);
  const inRetention = retentionWords(query.get("rp") ?? "");
  const inBucket = bucketWords(query.get("bucket") ?? "");
  const unreadable = [inPath, inUser, inRetention, inBucket].find((read) => !read.ok);
  if (unreadable?.ok === false) {
    return { ok: false, code: "bad_identity", detail: `cannot accept the request: ${unreadable.why}` };
  }
  const beforeHeaders = { ...headersInQuery(query), ...asHeaders(inPath) };
  const afterHeaders = {
    key,
    "x-tenant-id": query.get("org") ?? "",
    ...asHeaders(inBucket),
    ...asHeaders(inRetention),
    ...asHeaders(inUser),
  };
  return { ok: true, headers: { ...afterHeaders, ...givenHeaders(headers), ...beforeHeaders } };
}

function headersInQuery(query: URLSearchParams): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of query) {
    const header = HEADERS_IN_QUERY.find((known) => known === name.toLowerCase());
    if (header !== undefined && value !== "") {
      found[header] ??= value;
    }
  }
  return found;
}

function asHeaders(read: ReturnType<typeof pathWords>): Record<string, string> {
  const { tenant, server, url }: SenderWords = read.ok ? read.words : {};
  return {
    ...(tenant && { "x-tenant-id": tenant }),
    ...(server && { "x-server-id": server }),
    ...(url && { "x-server-url": url }),
  };
}

/** The headers that say something; an empty one leaves its place to others. */
function givenHeaders(headers: WriteRequest["headers"]): WriteRequest["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isGiven(headers, name)));
}

/** A header that was sent twice is given: `identifySender` refuses it. */
function isGiven(headers: WriteRequest["headers"], name: string): boolean {
  return Array.isArray(headers[name]) || (singleHeader(headers, name) ?? "").trim() !== "";
}

function findCredentials(
  headers: WriteRequest["headers"],
  query: URLSearchParams,
  { queryCredentials }: { readonly queryCredentials: boolean },
): Credentials {
  const inHeader = authorizationOf(singleHeader(headers, "authorization") ?? "");
  if (inHeader.key !== "" || !queryCredentials) {
    return inHeader;
  }
  return { user: query.get("u") ?? "", key: query.get("p") ?? "" };
}

/** `Basic base64(user:key)`, `Token key`, `Token user:key` as clients of 2.x send it to 1.8, or `Bearer key`. */
function authorizationOf(authorization: string): Credentials {
  const [, scheme = "", words = ""] = /^(\S+) +(.*)$/s.exec(authorization.trim()) ?? [];
  switch (scheme.toLowerCase()) {
    case "basic":
      return usedOnlyWithKey(Buffer.from(words, "base64").toString("utf8"));
    case "token":
      return words.includes(":") ? usedOnlyWithKey(words) : { user: "", key: words.trim() };
    case "bearer":
      return { user: "", key: words.trim() };
    default:
      return NO_CREDENTIALS;
  }
}

/** `user:key`, where the key may have colons. */
function usedOnlyWithKey(pair: string): Credentials {
  const colon = pair.indexOf(":");
  const key = colon < 0 ? "" : pair.slice(colon + 1);
  return key === "" ? NO_CREDENTIALS : { user: pair.slice(0, colon), key };
}
