import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeReply } from "../../../../services/horizon/sinks/timeseries/reply-verdict.ts";

const table: [reply: unknown, kind: string][] = [
  [1_700_000_000_000, "stored"],
  ["OK", "stored"],
  [new Error("ERR TSDB: the key is not a TSDB key"), "no_series"],
  [new Error("TSDB: the key does not exist"), "no_series"],
  [new Error("WRONGTYPE Operation against a key holding the wrong kind of value"), "no_series"],
  [new Error("ERR TSDB: key already exists"), "exists"],
  [new Error("ERR TSDB: Timestamp is older than retention"), "too_old"],
  [new Error("ERR TSDB: invalid value"), "refused"],
  [new Error("ERR TSDB: Couldn't parse LABELS"), "refused"],
  [
    new Error("ERR TSDB: Error at upsert, update is not supported when DUPLICATE_POLICY is set to BLOCK mode"),
    "misshapen",
  ],
  [new Error("MISLABELLED the series has other labels"), "misshapen"],
  [new Error("ERR wrong number of arguments for 'ts.create' command"), "refused"],
  [new Error("OOM command not allowed when used memory > 'maxmemory'."), "unavailable"],
  [new Error("READONLY You can't write against a read only replica."), "unavailable"],
  [new Error("ERR unknown command 'TS.MADD'"), "unavailable"],
];

for (const [reply, kind] of table) {
  test(`${String(reply)} means ${kind}`, () => {
    assert.equal(judgeReply(reply).kind, kind);
  });
}
