import type { WriteRequest } from "../write-request.ts";

type Headers = WriteRequest["headers"];

const ABOVE_ASCII = /[\x80-\xff]/;
const ABOVE_A_BYTE = /[\u0100-\uffff]/;

/**
 * Headers as their senders wrote them. Node hands values out with one character a byte (RFC 9110 knows no other
 * encoding); where those bytes are UTF-8, as nearly every client sends what is not ASCII, they are read so. A key or a
 * rule then is the same text in a header as in the settings, a query or a body.
 * @returns the same object where there is nothing to read.
 */
export function headersAsSent(headers: Headers): Headers {
  return Object.values(headers).some(isForeign)
    ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, readValue(value)]))
    : headers;
}

function isForeign(value: Headers[string]): boolean {
  return Array.isArray(value)
    ? value.some((one) => ABOVE_ASCII.test(one))
    : value !== undefined && ABOVE_ASCII.test(value);
}

function readValue(value: Headers[string]): Headers[string] {
  return Array.isArray(value) ? value.map(asUtf8) : value && asUtf8(value);
}

/** The text that these bytes are in UTF-8; the value itself where they are not, or where it is no longer bytes. */
function asUtf8(value: string): string {
  if (ABOVE_A_BYTE.test(value)) {
    return value;
  }
  const bytes = Buffer.from(value, "latin1");
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : value;
}
