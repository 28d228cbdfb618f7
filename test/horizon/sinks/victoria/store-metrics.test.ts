import assert from "node:assert/strict";
import { test } from "node:test";
import { readIgnoredRows, readStartTime } from "../../../../services/horizon/sinks/victoria/store-metrics.ts";

const page = `# HELP process_start_time_seconds Start time.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1795235253
go_info{version="x"} 1
vm_rows_ignored_total{reason="big_timestamp"} 3
vm_rows_ignored_total{type="x", reason="small_timestamp"} 0
vm_rows_ignored_total{type="y", reason="small_timestamp"} 4
`;

test("the start time is read as text", () => {
  assert.equal(readStartTime(page), "1795235253");
  assert.equal(readStartTime('process_start_time_seconds{a="b"} 1.79e+09\n'), "1.79e+09");
  assert.equal(readStartTime("vm_process_start_time_seconds 1\n"), undefined);
  assert.equal(readStartTime(""), undefined);
});

test("ignored rows are summed by reason", () => {
  assert.deepEqual(
    [...readIgnoredRows(page)],
    [
      ["big_timestamp", 3],
      ["small_timestamp", 4],
    ],
  );
  assert.deepEqual([...readIgnoredRows("")], []);
});
