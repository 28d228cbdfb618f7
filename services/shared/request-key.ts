import { type HeaderValue, type RequestHeaders, readHeader } from "./request-header.ts";

/**
 * The key that a request holds, of the first place that has one: the header `key`, or `Authorization` as Bearer, as the
 * password of Basic, or as Token (InfluxDB).
 */
export function readKey(headers: RequestHeaders): HeaderValue {
  const key = readHeader(headers, "key");
  if (!key.ok || key.value !== "") {
    return key;
  }
  const authorization = readHeader(headers, "authorization");
  if (!authorization.ok) {
    return authorization;
  }
  const [scheme = "", credentials = ""] = authorization.value.split(/ +(.*)/s);
  switch (scheme.toLowerCase()) {
    case "bearer":
    case "token":
      return { ok: true, value: credentials.trim() };
    case "basic":
      return { ok: true, value: passwordOf(credentials) };
    default:
      return { ok: true, value: "" };
  }
}

/** The password in `base64(user:password)`, empty where there is none. */
function passwordOf(credentials: string): string {
  const pair = Buffer.from(credentials, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  return colon < 0 ? "" : pair.slice(colon + 1);
}
