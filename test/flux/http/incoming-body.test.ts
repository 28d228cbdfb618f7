import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { IncomingBody } from "../../../services/flux/http/incoming-body.ts";
import { MemoryBudget } from "../../../services/flux/http/memory-budget.ts";

/** A body that arrives in these pieces; without an end where `isWhole` is false. */
function bodyOf(pieces: readonly string[], headers: Record<string, string> = {}, isWhole = true) {
  const stream = new Readable({ read: () => undefined });
  for (const piece of pieces) {
    stream.push(piece);
  }
  if (isWhole) {
    stream.push(null);
  }
  const memory = new MemoryBudget(() => Number.POSITIVE_INFINITY).reserve();
  return { stream, memory, body: new IncomingBody(Object.assign(stream, { headers }), memory) };
}

const SHUTTING_DOWN = { ok: false, code: "shutting_down", detail: "" } as const;

test("a body is put together from its pieces, in the memory that its length declares", async () => {
  const { body, memory } = bodyOf(["one ", "two ", "three"], { "content-length": "13" });
  assert.equal(body.unreadBytes, 13);
  const read = await body.read(13);
  assert.equal(read.ok && read.body.toString(), "one two three");
  assert.equal(memory.heldBytes, 13);
  assert.equal(body.unreadBytes, 0);
});

test("a body that lies there in one piece is taken as it is, and is whole at once", async () => {
  const { stream, body, memory } = bodyOf([], { "content-length": "3" }, false);
  const piece = Buffer.from("123");
  stream.push(piece);
  const read = await body.read(3);
  assert.ok(read.ok && read.body === piece);
  assert.equal(memory.heldBytes, 3);
  assert.equal(body.unreadBytes, 0);
  body.cut(SHUTTING_DOWN);
  assert.ok(!body.isCut, "nothing of it was given up");
  assert.equal((await body.read(3)).ok, true);
});

test("a body of which a part lies there is waited for", async () => {
  const { stream, body, memory } = bodyOf(["12"], { "content-length": "3" }, false);
  const reading = body.read(3);
  stream.push("3");
  stream.push(null);
  const read = await reading;
  assert.equal(read.ok && read.body.toString(), "123");
  assert.equal(memory.heldBytes, 3);
});

test("a body without a length may have any up to the limit", async () => {
  const chunked = { "transfer-encoding": "chunked" };
  const { body } = bodyOf(["12345", "67890"], chunked);
  assert.equal(body.unreadBytes, Number.POSITIVE_INFINITY);
  const read = await body.read(10);
  assert.equal(read.ok && read.body.toString(), "1234567890");
  const refused = await bodyOf(["12345", "67890"], chunked).body.read(9);
  assert.deepEqual(!refused.ok && refused.code, "body_too_large");
  assert.match(refused.ok ? "" : refused.detail, /more than 9 bytes, at most 9 .*FLUX_MAX_BODY_BYTES/);
});

test("a body that nobody sends is empty", async () => {
  const { body } = bodyOf([]);
  assert.equal(body.unreadBytes, 0);
  const read = await body.read(1);
  assert.equal(read.ok && read.body.length, 0);
});

test("a body that was read is there for others, within their own limit", async () => {
  const { body, memory } = bodyOf(["123"], { "transfer-encoding": "chunked" });
  const [first, second] = [await body.read(10), await body.read(3)];
  assert.ok(first.ok && second.ok && first.body === second.body);
  const held = memory.heldBytes;
  const third = await body.read(2);
  assert.match(third.ok ? "" : third.detail, /3 bytes, at most 2/);
  assert.equal(memory.heldBytes, held);
});

test("a body that was forgotten is nobody's any more", async () => {
  const { body } = bodyOf(["123"]);
  await body.read(3);
  body.forget();
  await assert.rejects(body.read(3), /cannot read a body that was forgotten/);
});

test("a body that is given up ends for its reader, before and while it is read, but not once it is whole", async () => {
  const before = bodyOf([], {}, false).body;
  before.cut(SHUTTING_DOWN);
  assert.deepEqual(await before.read(10), SHUTTING_DOWN);

  const { body } = bodyOf(["half"], { "content-length": "8" }, false);
  const reading = body.read(10);
  body.cut(SHUTTING_DOWN);
  assert.deepEqual([await reading, body.isCut], [SHUTTING_DOWN, true]);

  const whole = bodyOf(["whole"]).body;
  await whole.read(10);
  whole.cut(SHUTTING_DOWN);
  assert.equal(whole.isCut, false);
});

test("a sender that leaves, before or while its body is read, leaves it incomplete", async () => {
  const { stream, body } = bodyOf(["half"], { "content-length": "8" }, false);
  const reading = body.read(10);
  stream.once("data", () => stream.destroy());
  const read = await reading;
  assert.deepEqual(read, { ok: false, code: "body_incomplete", detail: "the body ended after 4 bytes" });

  const gone = bodyOf([], { "content-length": "8" }, false);
  gone.stream.destroy();
  const never = await gone.body.read(10);
  assert.equal(!never.ok && never.code, "body_incomplete");
});
