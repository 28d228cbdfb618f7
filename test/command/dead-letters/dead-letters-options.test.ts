import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseDeadLettersOptions } from "../../../services/command/dead-letters/dead-letters-options.ts";

const ALL = { tenant: undefined, sink: undefined, reason: undefined, sinceMs: undefined };

describe("flux dead-letters is asked", () => {
  const requests: [line: string, request: object][] = [
    ["list", { action: "list", filter: ALL, limit: 100, json: false }],
    ["list --limit 5 --json", { action: "list", filter: ALL, limit: 5, json: true }],
    [
      "list --tenant t --sink victoriametrics.eu --reason refused_by_store --since 2h",
      {
        action: "list",
        filter: { tenant: "t", sink: "victoriametrics.eu", reason: "refused_by_store", sinceMs: 7_200_000 },
        limit: 100,
        json: false,
      },
    ],
    ["--json show 0/1-0", { action: "show", ids: [{ shard: 0, entry: "1-0" }], json: true }],
    [
      "show 0/1767270630000-0 1023/5-17",
      {
        action: "show",
        ids: [
          { shard: 0, entry: "1767270630000-0" },
          { shard: 1023, entry: "5-17" },
        ],
        json: false,
      },
    ],
    [
      "replay 3/1-0 --dry-run",
      { action: "replay", selection: { kind: "named", ids: [{ shard: 3, entry: "1-0" }] }, dryRun: true },
    ],
    [
      "replay --all --since 30m",
      { action: "replay", selection: { kind: "all", filter: { ...ALL, sinceMs: 1_800_000 } }, dryRun: false },
    ],
    ["purge --all", { action: "purge", selection: { kind: "all", filter: ALL }, yes: false }],
    [
      "purge 0/1-0 --yes",
      { action: "purge", selection: { kind: "named", ids: [{ shard: 0, entry: "1-0" }] }, yes: true },
    ],
  ];
  for (const [line, request] of requests) {
    test(`to ${line}`, () => {
      const options = { redisUrl: undefined, request };
      assert.deepEqual(parseDeadLettersOptions(line.split(" ")), { ok: true, options });
    });
  }

  test("to look at another Redis", () => {
    const parsed = parseDeadLettersOptions(["list", "--redis", "redis://elsewhere"]);
    assert.equal(parsed.ok && parsed.options.redisUrl, "redis://elsewhere");
  });
});

describe("flux dead-letters refuses", () => {
  const misuses: [line: string, says: RegExp][] = [
    ["", /^say what to do: list, show, replay or purge$/],
    ["shred", /^say what to do/],
    ["constructor", /^say what to do/],
    ["list 0/1-0", /^list takes no ids; show does$/],
    ["list --yes", /^list has no option --yes$/],
    ["list --all", /^list has no option --all$/],
    ["list --limit 0", /^--limit must be a number from 1$/],
    ["list --since 2", /^--since must be an age like 90s, 30m, 2h or 7d$/],
    ["list --since 2w", /^--since must be/],
    ["show", /^show which\? /],
    ["show 0/1-0 --tenant t", /^show has no option --tenant$/],
    ["show 12", /^"12" is not the id of a dead letter/],
    ["show 0/1", /^"0\/1" is not the id/],
    ["show 0/1-0;", /is not the id/],
    ["replay", /^replay which\? give either ids, as list shows them, or --all$/],
    ["replay --all 0/1-0", /^replay which\?/],
    ["replay --tenant t", /^replay which\?/],
    ["replay --tenant t 0/1-0", /^--tenant, --sink, --reason and --since go with --all, not with ids$/],
    ["replay --all --yes", /^replay has no option --yes$/],
    ["purge --yes", /^purge which\?/],
    ["purge --all --dry-run", /^purge has no option --dry-run$/],
  ];
  for (const [line, says] of misuses) {
    test(line === "" ? "nothing at all" : line, () => {
      const parsed = parseDeadLettersOptions(line === "" ? [] : line.split(" "));
      assert.ok(!parsed.ok);
      assert.equal(parsed.problems.length, 1);
      assert.match(parsed.problems[0] ?? "", says);
    });
  }

  test("several things at once, each with a sentence", () => {
    const parsed = parseDeadLettersOptions(["purge", "x", "--limit", "none", "--since", "soon"]);
    assert.equal(!parsed.ok && parsed.problems.length, 5);
  });
});
