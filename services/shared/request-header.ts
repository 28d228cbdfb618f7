/** Headers by lower-case name, as node:http gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A value read, empty where the request has none; or in `detail` what is wrong with the header. */
export type HeaderValue =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly detail: string };

/** The value of a header that may occur once, without the blanks around it. */
export function readHeader(headers: RequestHeaders, name: string): HeaderValue {
  const value = headers[name];
  if (value === undefined || typeof value === "string") {
    return { ok: true, value: (value ?? "").trim() };
  }
  const [first = "", ...others] = value;
  return others.length === 0
    ? { ok: true, value: first.trim() }
    : { ok: false, detail: `the header ${name} occurs ${value.length} times; send it once` };
}
