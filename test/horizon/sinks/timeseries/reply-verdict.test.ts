import assert from "node:assert/strict";
import { test } from "node:test";
import { RetryableError } from "../../../../services/horizon/retryable-error.ts";
import { judgeComplaint, readComplaints } from "../../../../services/horizon/sinks/timeseries/reply-verdict.ts";

const table: [complaint: string, kind: string][] = [
  ["ERR TSDB: the key is not a TSDB key", "no_series"],
  ["TSDB: the key does not exist", "no_series"],
  ["WRONGTYPE Operation against a key holding the wrong kind of value", "no_series"],
  ["ERR TSDB: key already exists", "exists"],
  ["ERR TSDB: Timestamp is older than retention", "too_old"],
  ["ERR TSDB: invalid value", "refused"],
  ["ERR TSDB: Couldn't parse LABELS", "refused"],
  ["ERR TSDB: Error at upsert, update is not supported when DUPLICATE_POLICY is set to BLOCK mode", "misshapen"],
  ["MISLABELLED the series has other labels", "misshapen"],
  ["ERR wrong number of arguments for 'ts.create' command", "refused"],
  ["OOM command not allowed when used memory > 'maxmemory'.", "unavailable"],
  ["READONLY You can't write against a read only replica.", "unavailable"],
  ["ERR unknown command 'TS.MADD'", "unavailable"],
];

for (const [complaint, kind] of table) {
  test(`${complaint} means ${kind}`, () => {
    assert.equal(judgeComplaint(complaint).kind, kind);
  });
}

test("a reply names the complaints, each with the numbers of what it is of", () => {
  const reply = [5, Buffer.from("TSDB: the key does not exist"), Buffer.from("1 4"), "ERR TSDB: invalid value", "2"];
  const kinds = [...readComplaints(reply, 5)].map(([number, { kind }]) => [number, kind]);
  assert.deepEqual(kinds, [
    [0, "no_series"],
    [3, "no_series"],
    [1, "refused"],
  ]);
  assert.deepEqual(readComplaints([3], 3), new Map());
});

test("a reply that is not of as many as were sent, or says that the server takes nothing, is none", () => {
  assert.throws(() => readComplaints([4], 5), RetryableError);
  assert.throws(() => readComplaints(null, 0), RetryableError);
  assert.throws(() => readComplaints([1, "OOM command not allowed", "1"], 1), /OOM command not allowed/);
  assert.throws(() => readComplaints([1, "unexpected reply", "1"], 1), RetryableError);
});
