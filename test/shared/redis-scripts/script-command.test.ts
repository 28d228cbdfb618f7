import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCommand } from "../../../services/shared/redis-scripts/script-command.ts";

function check(parts: Parameters<typeof encodeCommand>[0], want: string): void {
  assert.equal(encodeCommand(parts).toString("latin1"), want);
}

test("a command is an array of strings, each behind its length in bytes", () => {
  check(["ping"], "*1\r\n$4\r\nping\r\n");
  check(["evalsha", "abc", 1, "key", ""], "*5\r\n$7\r\nevalsha\r\n$3\r\nabc\r\n$1\r\n1\r\n$3\r\nkey\r\n$0\r\n\r\n");
  check(["ä"], "*1\r\n$2\r\n\xc3\xa4\r\n");
});

test("bytes go as they are, wherever they stand", () => {
  const bytes = Buffer.from([0, 13, 10, 255]);
  check([bytes], "*1\r\n$4\r\n\0\r\n\xff\r\n");
  check(
    ["a", bytes, bytes, 7, Buffer.alloc(0)],
    "*5\r\n$1\r\na\r\n$4\r\n\0\r\n\xff\r\n$4\r\n\0\r\n\xff\r\n$1\r\n7\r\n$0\r\n\r\n",
  );
});
