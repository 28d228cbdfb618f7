import assert from "node:assert/strict";
import { validateHeaderValue } from "node:http";
import { test } from "node:test";
import { headerText, type InfluxOutcome, influxAnswer } from "../../../services/flux/formats/influx-answer.ts";

const PARTIAL: InfluxOutcome = {
  kind: "lines_refused",
  othersStored: true,
  count: 3,
  lineNumber: 2,
  words: "unable to parse 'bad': missing fields",
};

test("what is stored whole is answered 204 without a body", () => {
  for (const dialect of ["v1", "v2"] as const) {
    const { status, headers, body } = influxAnswer(dialect, { kind: "stored" });
    assert.equal(status, 204);
    assert.equal(body, undefined);
    assert.match(headers["x-influxdb-version"] ?? "", /^1\./);
  }
});

test("refused lines are 400, with the words clients look for, the first line's number and the count", () => {
  const message =
    "partial write: unable to parse 'bad': missing fields (first at line 2, 3 refused, the others are stored) dropped=0";
  const v1 = influxAnswer("v1", PARTIAL);
  assert.equal(v1.status, 400);
  assert.equal(v1.body, `${JSON.stringify({ error: message })}\n`);
  assert.equal(v1.headers["x-influxdb-error"], message);
  const v2 = influxAnswer("v2", PARTIAL);
  assert.equal(v2.status, 400);
  assert.deepEqual(JSON.parse(v2.body ?? ""), { code: "invalid", message });
});

test("where nothing is stored the message does not speak of a partial write", () => {
  const { status, body } = influxAnswer("v1", { ...PARTIAL, othersStored: false });
  assert.equal(status, 400);
  assert.match(body ?? "", /^\{"error":"unable to parse 'bad': missing fields \(.*nothing is stored\)"\}\n$/);
});

test("refusals have the codes of InfluxDB 2.x, and 1.x asks for credentials", () => {
  const codes = [400, 401, 403, 404, 405, 413, 415, 418, 422, 429, 500, 503].map((status) => {
    const { body } = influxAnswer("v2", { kind: "refused", status, message: "why" });
    return JSON.parse(body ?? "").code;
  });
  assert.deepEqual(codes, [
    "invalid",
    "unauthorized",
    "forbidden",
    "not found",
    "method not allowed",
    "request too large",
    "unsupported media type",
    "invalid",
    "unprocessable entity",
    "too many requests",
    "internal error",
    "unavailable",
  ]);
  const refused: InfluxOutcome = { kind: "refused", status: 401, message: "no", headers: { "retry-after": "5" } };
  const { headers } = influxAnswer("v1", refused);
  assert.equal(headers["www-authenticate"], 'Basic realm="InfluxDB"');
  assert.equal(headers["retry-after"], "5");
});

test("a message is made fit for a header, whatever line it quotes", () => {
  assert.equal(headerText("a\r\nb\nc"), "a b c");
  assert.equal(headerText("über\0😀\x7f"), "?ber???");
  assert.equal(headerText("x".repeat(10_000)).length, 512);
  const words = "unable to parse 'a\n\0☃\ud83d': missing fields";
  const { headers } = influxAnswer("v1", { ...PARTIAL, words });
  validateHeaderValue("x-influxdb-error", headers["x-influxdb-error"] ?? "");
});
