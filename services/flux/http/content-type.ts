import type { Refusal } from "../reasons.ts";

const PROTOBUF = "application/x-protobuf";
const VERSION_1 = "prometheus.WriteRequest";
const SNAPPY = "snappy";
const READABLE = { ok: true } as const;

/** Headers that say what the body is. */
export interface BodyHeaders {
  readonly "content-type"?: string | undefined;
  readonly "content-encoding"?: string | undefined;
}

/**
 * Decides from the headers alone whether the body is one that we read, before any of it is read: snappy-compressed
 * remote-write 1.0. The message type comes from Content-Type, never from the version header (remote-write 2.0,
 * "Protocol"). Senders of 1.0 may leave both headers out.
 */
export function checkBodyHeaders(headers: BodyHeaders): { ok: true } | Refusal {
  if (headers["content-type"] === PROTOBUF && headers["content-encoding"] === SNAPPY) {
    // What nearly every sender says, word for word.
    return READABLE;
  }
  const type = parseMediaType(headers["content-type"] || PROTOBUF);
  if (type.name !== PROTOBUF) {
    return refuse("unsupported_type", `Content-Type ${quote(type.name)} is not taken, only ${PROTOBUF}`);
  }
  const message = type.parameters.get("proto") ?? VERSION_1;
  if (message !== VERSION_1) {
    return refuse(
      "unsupported_type",
      `protobuf message ${quote(message)} is not taken, only ${VERSION_1} (remote-write 1.0)`,
    );
  }
  const encoding = (headers["content-encoding"] || SNAPPY).trim().toLowerCase();
  return encoding === SNAPPY
    ? READABLE
    : refuse("unsupported_encoding", `Content-Encoding ${quote(encoding)} is not taken, only snappy`);
}

/** `type/subtype; name=value; name="quoted value"` (RFC 9110, 8.3.1). Names lower-cased. */
function parseMediaType(header: string): { name: string; parameters: Map<string, string> } {
  const [name = "", ...rest] = header.split(";");
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const [key = "", value = ""] = parameter.split("=", 2);
    parameters.set(key.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, "$1"));
  }
  return { name: name.trim().toLowerCase(), parameters };
}

function refuse(code: "unsupported_type" | "unsupported_encoding", detail: string): Refusal {
  return { ok: false, code, detail };
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
