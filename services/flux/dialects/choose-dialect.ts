import type { Codec } from "../../kernel/codec.ts";
import { singleHeader, type WriteRequest } from "../write-request.ts";
import type { Dialect } from "./dialect.ts";
import { jsonDialect } from "./json.ts";
import { lineProtocolDialect } from "./line-protocol.ts";
import { remoteWriteDialect } from "./remote-write.ts";

/** Where Prometheus writes to: Skyline's path, the same behind a proxy that does not strip its prefix, the usual one. */
export const WRITE_PATHS = ["/prometheus/write", "/flux/prometheus/write", "/api/v1/write"] as const;

/** Where InfluxDB clients write to, below any of the bases that they can be given; tenant and server may be in it. */
const INFLUX_BASES = ["", "/influx", "/prometheus", "/flux/prometheus"] as const;
const INFLUX_SENDERS = ["", "/t/:tenant/s/:server"] as const;
const V2_PATH = "/api/v2/write";

/** All paths of line protocol but those that remote-write has too, where `?db=` tells them apart. */
export const INFLUX_WRITE_PATHS: readonly string[] = INFLUX_BASES.flatMap((base) =>
  INFLUX_SENDERS.flatMap((sender) => [`${base}${sender}/write`, `${base}${sender}${V2_PATH}`]),
).filter((path) => !WRITE_PATHS.some((other) => other === path));

/** Every dialect, ready for use. */
export interface Dialects {
  readonly remoteWrite: Dialect;
  readonly json: Dialect;
  readonly influxV1: Dialect;
  readonly influxV2: Dialect;
}

export function createDialects(codec: Codec): Dialects {
  return {
    remoteWrite: remoteWriteDialect(codec),
    json: jsonDialect,
    influxV1: lineProtocolDialect("v1", codec),
    influxV2: lineProtocolDialect("v2", codec),
  };
}

/** The dialect of a request: line protocol by its path or `?db=`, JSON by its type, else remote-write. */
export function dialectOf({ path, query, headers }: WriteRequest, dialects: Dialects): Dialect {
  if (path.endsWith(V2_PATH)) {
    return dialects.influxV2;
  }
  const isShared = WRITE_PATHS.some((other) => other === path);
  if (!isShared || query.has("db")) {
    return dialects.influxV1;
  }
  const [type = ""] = (singleHeader(headers, "content-type") ?? "").split(";");
  return type.trim().toLowerCase() === "application/json" ? dialects.json : dialects.remoteWrite;
}
