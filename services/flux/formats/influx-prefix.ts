import { singleHeader, type WriteRequest } from "../write-request.ts";
import { bucketName } from "./influx-sender-words.ts";

/**
 * Whether the database that a request names stands before the metrics. `db_unless_prometheus`: not where it is the one
 * that remote_storage_adapter names when nobody has told it one.
 */
export type DbPrefix = "none" | "db" | "db_unless_prometheus";

const ADAPTER_DEFAULT = "prometheus";

/** What stands before the metric names of a request: `?db=`, else the header `prefix`, else the bucket; or nothing. */
export function metricPrefix({ query, headers }: Pick<WriteRequest, "query" | "headers">, mode: DbPrefix): string {
  if (mode === "none") {
    return "";
  }
  const header = (singleHeader(headers, "prefix") ?? "").trim();
  const database = query.get("db") || header || bucketName(query.get("bucket") ?? "");
  return mode === "db_unless_prometheus" && database === ADAPTER_DEFAULT ? "" : database;
}
