import type { Codec } from "../../kernel/codec.ts";
import { singleHeader, type WriteRequest } from "../write-request.ts";
import type { Dialect } from "./dialect.ts";
import { jsonDialect } from "./json.ts";
import { remoteWriteDialect } from "./remote-write.ts";

/** Where Prometheus writes to: Skyline's path, the same behind a proxy that does not strip its prefix, the usual one. */
export const WRITE_PATHS = ["/prometheus/write", "/flux/prometheus/write", "/api/v1/write"] as const;

/** Every dialect, ready for use. */
export interface Dialects {
  readonly remoteWrite: Dialect;
  readonly json: Dialect;
}

export function createDialects(codec: Codec): Dialects {
  return {
    remoteWrite: remoteWriteDialect(codec),
    json: jsonDialect,
  };
}

/** The dialect of a request: JSON by its type, else remote-write. */
export function dialectOf({ headers }: WriteRequest, dialects: Dialects): Dialect {
  const [type = ""] = (singleHeader(headers, "content-type") ?? "").split(";");
  return type.trim().toLowerCase() === "application/json" ? dialects.json : dialects.remoteWrite;
}
