import assert from "node:assert/strict";
import { test } from "node:test";
import { hostAndPort, withoutSecrets } from "../../services/local/addresses.ts";

test("an address that is shown can be reached from this machine", () => {
  const check = (host: string, want: string) => assert.equal(hostAndPort({ host, port: 8000 }), want);
  check("127.0.0.1", "127.0.0.1:8000");
  check("localhost", "localhost:8000");
  check("0.0.0.0", "127.0.0.1:8000");
  check("::", "[::1]:8000");
  check("fd00::1", "[fd00::1]:8000");
});

test("a URL is shown without user and password", () => {
  const check = (url: string, want: string) => assert.equal(withoutSecrets(url), want);
  check("redis://me:secret@db:6379/", "redis://db:6379");
  check("http://127.0.0.1:8428", "http://127.0.0.1:8428");
  check("https://me:secret@host/base/path", "https://host/base/path");
});
