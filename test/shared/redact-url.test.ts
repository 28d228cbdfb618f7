import assert from "node:assert/strict";
import { test } from "node:test";
import { redactUrl } from "../../services/shared/redact-url.ts";

test("a URL is shown without what may be secret in it", () => {
  const check = (url: string, want: string) => assert.equal(redactUrl(url), want);
  check("redis://127.0.0.1:6379", "redis://127.0.0.1:6379");
  check("redis://user:secret@host:6379/1", "redis://host:6379/1");
  check("rediss://:se@cret@host", "rediss://host");
  check("redis://:p%40ss%2Fword@[::1]:6379/0?password=secret", "redis://[::1]:6379/0");
  check("unix:///run/redis.sock?username=me&password=secret", "unix:///run/redis.sock");
  check("http://user@host/a/b@c#secret", "http://host/a/b@c");
  check(
    "http://u:p@vm:8480/insert/{tenant}/prometheus/api/v1/write?token=secret",
    "http://vm:8480/insert/{tenant}/prometheus/api/v1/write",
  );
  check("secret", "(not a URL)");
  check("redis://:secret@", "(not a URL)");
});
