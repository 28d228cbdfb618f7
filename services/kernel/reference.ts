import snappy from "snappyjs";
import type { Label } from "../shared/series.ts";
import type { BodyFault, BodyRefusal, DecodedLabels, ReadWriteRequest } from "./codec.ts";
import { isMalformation } from "./protobuf-fields.ts";
import { TooManyRows } from "./sample-columns.ts";
import { findSnappyFault, readSnappyHead } from "./snappy-scan.ts";
import { readLabelFields, readWriteRequest } from "./write-request-reader.ts";

// fatal: other decoders turn bad bytes into U+FFFD, and two series into one. ignoreBOM: keeps a leading U+FEFF.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The plain codec, on protobufjs and snappyjs, and its two steps. */
export const referenceCodec = {
  readWriteRequest: readBody,
  uncompress,
  decodeWriteRequest,
  decodeLabels,
  recordsOf: () => undefined,
};

function readBody(body: Buffer, maxBytes: number): ReadWriteRequest {
  const expanded = uncompress(body, maxBytes);
  return expanded.ok ? decodeWriteRequest(expanded.bytes) : expanded;
}

/** Expands a snappy block (not the framed format) of at most `maxBytes` expanded bytes. */
function uncompress(body: Buffer, maxBytes: number): { ok: true; bytes: Buffer } | BodyRefusal {
  const head = readSnappyHead(body);
  if (!head) {
    return refusal("malformed_snappy", "the body does not begin with a snappy length");
  }
  if (head.uncompressedBytes > maxBytes) {
    return refusal(
      "body_too_large",
      `the body declares ${head.uncompressedBytes} bytes, at most ${maxBytes} are taken`,
    );
  }
  const fault = findSnappyFault(body, head);
  if (fault) {
    return refusal("malformed_snappy", `the body is not a snappy block: ${fault}`);
  }
  const bytes = snappy.uncompress(new Uint8Array(body.buffer, body.byteOffset, body.byteLength), maxBytes);
  return { ok: true, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Reads a WriteRequest. */
function decodeWriteRequest(bytes: Buffer): ReadWriteRequest {
  try {
    return { ok: true, request: readWriteRequest(bytes) };
  } catch (error) {
    if (error instanceof TooManyRows) {
      return refusal("body_too_large", error.message);
    }
    return refusal("malformed_protobuf", `the body is not a WriteRequest: ${malformation(error)}`);
  }
}

function decodeLabels(rawLabels: string): DecodedLabels {
  const labels: Label[] = [];
  let allUtf8 = true;
  try {
    readLabelFields(Buffer.from(rawLabels, "latin1"), (nameBytes, valueBytes) => {
      const name = decodeUtf8(nameBytes);
      const value = decodeUtf8(valueBytes);
      if (name === undefined || value === undefined) {
        allUtf8 = false;
      } else {
        labels.push({ name, value });
      }
    });
  } catch (error) {
    malformation(error);
    return { ok: false, fault: "malformed_protobuf" };
  }
  return allUtf8 ? { ok: true, labels } : { ok: false, fault: "invalid_utf8" };
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** What is wrong with the bytes. @throws the error itself where it does not complain about them. */
function malformation(error: unknown): string {
  if (!isMalformation(error)) {
    throw error;
  }
  return error.message;
}

function refusal(code: BodyFault, detail: string): BodyRefusal {
  return { ok: false, code, detail };
}
