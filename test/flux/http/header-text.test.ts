import assert from "node:assert/strict";
import { test } from "node:test";
import { headersAsSent } from "../../../services/flux/http/header-text.ts";
import { listen, openRaw, writeHead } from "../support/raw-connection.ts";
import { buildTestApp } from "../support/test-app.ts";

/** Text as node:http hands it out when it came in these bytes. */
const asBytes = (text: string, encoding: "utf8" | "latin1" = "utf8") => Buffer.from(text, encoding).toString("latin1");

const rows: [what: string, given: string, want: string][] = [
  ["ASCII stays", "a-b_c", "a-b_c"],
  ["UTF-8 is read", asBytes("clé-€-😀"), "clé-€-😀"],
  ["bytes that are not UTF-8 stay one character each", asBytes("clé", "latin1"), "clé"],
  ["half of a character stays", asBytes("€").slice(0, 2), asBytes("€").slice(0, 2)],
  ["a byte order mark is a character", asBytes("\ufeffa"), "\ufeffa"],
  ["text that was read already stays", "clé-€", "clé-€"],
];

test("headers are read as UTF-8 where their bytes are", () => {
  for (const [what, given, want] of rows) {
    assert.deepEqual(headersAsSent({ key: given, other: "x" }), { key: want, other: "x" }, what);
    assert.deepEqual(headersAsSent({ key: ["x", given] }), { key: ["x", want] }, what);
  }
  const plain = { key: "a", none: undefined };
  assert.equal(headersAsSent(plain), plain);
});

test("a key with other than ASCII characters is answered 401, in whichever header and bytes it comes", async (t) => {
  const { app } = buildTestApp();
  t.after(() => app.close());
  const port = await listen(app);
  const key = "clé-ключ-鍵";
  const basic = `Basic ${Buffer.from(`user:${key}`).toString("base64")}`;
  const authorizations = [`Bearer ${key}`, `Token ${key}`, basic];
  for (const headers of [{ key }, ...authorizations.map((authorization) => ({ authorization }))]) {
    for (const encoding of ["utf8", "latin1"] as const) {
      const { socket, ended } = await openRaw(port);
      socket.write(writeHead({ ...headers, connection: "close", "content-length": 0 }), encoding);
      const answer = await ended();
      assert.match(
        answer,
        /^HTTP\/1.1 401 .*bad_key: .*keys are printable ASCII/s,
        `${JSON.stringify(headers)} ${encoding}`,
      );
      assert.doesNotMatch(answer, /[\x80-\xff]/, "the answer does not repeat the key");
    }
  }
});

test("a rule in a header is the rule that its sender wrote", async (t) => {
  const { app } = buildTestApp();
  t.after(() => app.close());
  const head = writeHead({
    ...{ key: "key-of-acme", "x-server-id": "1", dropmetrics: "['é(']" },
    ...{ connection: "close", "content-length": 0 },
  });
  const answer = await (await openRaw(await listen(app), head)).ended();
  assert.match(Buffer.from(answer, "latin1").toString("utf8"), /bad_rules: .*pattern 1 \(.*é\(.*\) does not compile/);
});
