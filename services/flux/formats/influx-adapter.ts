import { singleHeader, type WriteRequest } from "../write-request.ts";

/**
 * Which Prometheus remote_storage_adapter sent a request. `v1`: those up to Prometheus 3.1, which write label values
 * that line protocol cannot hold (a newline, a backslash at the end) as they are. `v2`: later ones, which escape the
 * newline but not the backslash. `none`: any other client.
 */
export type Adapter = "none" | "v1" | "v2";

const V1_ARGUMENTS = ["db", "rp", "consistency", "precision"] as const;
const V2_ARGUMENTS = ["bucket", "org", "precision"] as const;
const V1_USER_AGENT = "InfluxDBClient";
const V2_USER_AGENT = /^influxdb-client-go\//;

/**
 * Recognises the adapters by what they always send. Other Go programs that use the same client libraries in the same
 * way are taken for an adapter too; their lines are read as usual wherever they are not the adapter's.
 */
export function adapterOf({ query, headers }: Pick<WriteRequest, "query" | "headers">): Adapter {
  const agent = singleHeader(headers, "user-agent") ?? "";
  if (query.get("precision") !== "ms") {
    return "none";
  }
  if (agent === V1_USER_AGENT && V1_ARGUMENTS.every((name) => query.has(name))) {
    return "v1";
  }
  return V2_USER_AGENT.test(agent) && V2_ARGUMENTS.every((name) => query.has(name)) ? "v2" : "none";
}
