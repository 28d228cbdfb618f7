import assert from "node:assert/strict";
import { test } from "node:test";
import { logLineInWords } from "../../services/local/log-words.ts";

test("warnings and errors of a service are shown as sentences, and nothing of the rest", () => {
  const check = (line: string, want: string | undefined) => assert.equal(logLineInWords("Flux", line), want, line);
  check('{"level":"info","msg":"Listening"}', undefined);
  check('{"level":"warn","msg":"Redis is full"}', "Flux warns: Redis is full");
  check(
    '{"level":"error","msg":"Commit failed","err":{"type":"Error","message":"ECONNREFUSED","stack":"…"}}',
    "Flux reports an error: Commit failed: ECONNREFUSED",
  );
  check('{"level":"fatal","err":{"message":"boom"},"msg":"boom"}', "Flux reports an error: boom");
  check('{"level":"warn","msg":"Not ready","reason":"no route"}', "Flux warns: Not ready: no route");
  check('{"level":"error","error":"plain text","msg":"Failed"}', "Flux reports an error: Failed: plain text");
  check("", undefined);
  check("Error: cannot find module", "Flux: Error: cannot find module");
  check("TypeError: x is not a function", "Flux: TypeError: x is not a function");
  check("cannot start Flux: no key", "Flux: cannot start Flux: no key");
  check("    at main.js:1:1", undefined);
  check('{"level":"error",', undefined);
  check(`{"level":"warn","msg":"${"x".repeat(1000)}"}`, `Flux warns: ${"x".repeat(400)}...`);
});
