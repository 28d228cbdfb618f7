import type { Codec, DecodedWriteRequest } from "../../kernel/codec.ts";
import { readSnappyHead } from "../../kernel/snappy-scan.ts";
import { type Answer, refusalAnswer, STORED } from "../http/answer.ts";
import { checkBodyHeaders } from "../http/content-type.ts";
import { singleHeader } from "../write-request.ts";
import { describeRefusals } from "./describe-refusals.ts";
import type { Decode, DecodedBody, Dialect } from "./dialect.ts";

/** Prometheus remote-write 1.0: snappy blocks of protobuf, the sender named by headers. */
export function remoteWriteDialect(codec: Codec): Dialect {
  return {
    introduce: async (request) => ({ ok: true, request }),
    decoderFor: ({ headers }) => {
      const readable = checkBodyHeaders({
        "content-type": singleHeader(headers, "content-type"),
        "content-encoding": singleHeader(headers, "content-encoding"),
      });
      return readable.ok
        ? { ok: true, decode: (body, { maxUncompressedBytes }) => decode(body, maxUncompressedBytes, codec) }
        : readable;
    },
    expand: async (body, { memory }, maxBytes) => {
      const declaredBytes = readSnappyHead(body)?.uncompressedBytes ?? 0;
      const room = memory.take(declaredBytes > maxBytes ? 0 : declaredBytes);
      return room.ok ? { ok: true, bytes: body } : room;
    },
    answerRefused: refusalAnswer,
  };
}

function decode(body: Buffer, maxBytes: number, codec: Codec): ReturnType<Decode> {
  const decoded = codec.readWriteRequest(body, maxBytes);
  return decoded.ok ? { ok: true, decoded: decodedBody(decoded.request) } : decoded;
}

function decodedBody(request: DecodedWriteRequest): DecodedBody {
  const payload = { request, invalid: [] };
  return { payload, answerStored: (intake) => answerStored(describeRefusals(payload, intake)) };
}

function answerStored(refused: string | undefined): Answer {
  return refused === undefined ? STORED : refusalAnswer({ ok: false, code: "invalid_series", detail: refused }, 0);
}
