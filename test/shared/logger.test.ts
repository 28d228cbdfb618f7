import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger, type Logger } from "../../services/shared/logger.ts";

/** What a logger writes while `use` runs, one line each. */
function written(level: string, use: (logger: Logger) => void): string[] {
  const lines: string[] = [];
  use(createLogger("flux", level, { write: (line: string) => lines.push(line) }));
  return lines;
}

test("a line is JSON with service, level, time and message", () => {
  const [line = ""] = written("info", (logger) => logger.info({ blocks: 3 }, "Stored"));
  const { time, ...rest }: { time: string } = JSON.parse(line);
  assert.deepEqual(rest, { service: "flux", level: "info", blocks: 3, msg: "Stored" });
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
});

test("only lines of the level and above are written", () => {
  const use = (logger: Logger) => {
    logger.info("low");
    logger.warn("high");
  };
  assert.equal(written("warn", use).length, 1);
  assert.equal(written("silent", use).length, 0);
});

test("secret fields are not written, wherever they are", () => {
  const secret = "s3cr3t";
  const lines = written("info", (logger) => {
    logger.info({ key: secret, password: secret, authorization: secret, token: secret, apiKey: secret }, "top");
    logger.info({ headers: { key: secret, authorization: secret, "x-api-key": secret, cookie: secret } }, "one deep");
    logger.info({ request: { headers: { key: secret, authorization: secret, Authorization: secret } } }, "two deep");
    logger.child({ headers: { key: secret } }).info("child");
  });
  assert.equal(lines.length, 4);
  for (const line of lines) {
    assert.ok(!line.includes(secret), line);
    assert.ok(line.includes("[redacted]"), line);
  }
});

test("an error is written with its cause and without what a library hung on it", () => {
  const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED", config: { headers: { key: "s3cr3t" } } });
  const error = Object.assign(new TypeError("cannot write", { cause }), {
    command: { name: "auth", args: ["default", "s3cr3t"] },
  });
  const [line = ""] = written("info", (logger) => logger.error({ err: error }, "Failed"));
  const { err } = JSON.parse(line);
  assert.equal(err.type, "TypeError");
  assert.equal(err.message, "cannot write");
  assert.equal(err.cause.code, "ECONNREFUSED");
  assert.match(err.stack, /logger\.test/);
  assert.ok(!line.includes("s3cr3t"));
  const [bare = ""] = written("info", (logger) => logger.error(error));
  assert.ok(!bare.includes("s3cr3t"));
  const [text = ""] = written("info", (logger) => logger.error({ err: "just text" }, "Failed"));
  assert.equal(JSON.parse(text).err, "just text");
});
