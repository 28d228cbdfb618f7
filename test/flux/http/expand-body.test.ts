import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { expandBody as expandWithMemory } from "../../../services/flux/http/expand-body.ts";
import { MemoryBudget } from "../../../services/flux/http/memory-budget.ts";
import { createRandom } from "../../support/random.ts";

const MIB = 1024 * 1024;

/** Expands with all the memory that it may need. */
const expandBody = (body: Buffer, encoding: string, maxBytes: number) =>
  expandWithMemory(body, encoding, maxBytes, new MemoryBudget(() => Number.POSITIVE_INFINITY).reserve());

const TEXT = Array.from({ length: 60 }, (_, i) => `up{i="${i}"} ${1700000000 + i} ${i * i}`).join("\n");
/** `TEXT` as zstd 1.5.4 writes it: -19 from a file, with size and checksum; -1 from a pipe, with neither. */
const ZSTD_19 = Buffer.from(
  "KLUv/WQbBX0JAIabNxLAVzqUHf/Pfim3lCklHoKQcwM1ADAALwAhcKSbobQT4RT3s4az+XMtWY5kBBckaVWfEdUXwngz0okM99fsr+VIgFgE7iAgAgQGDAgKAsG15tRIR9TCYZ5W1VMYUathIXTCbKbSmUgnyP5WZXZPX1v+IxvxRaMcr4qvR8SiLjOXRifycXH/68TZ/wSuPWk48hHDxeOscFX+zxG5xlwInio3Y2k5EY+Q+10UnO03pHtV8rFHJPV6IciY3oxIwxORYXW/VFBnyyN0rTCmIyVCupAQxruqP9wRvaJdCB+yC3eoECBNxtpu8KU1EBQxlAcj5plzwdtcONI84xJ8i3nOEfMZl+C1Xhw6SYpdYkm2ybKbKtUmm2SbbGRLhbsQOv/c+Z++nZsACczzgcrBpq9P/ak=",
  "base64",
);
const ZSTD_PIPE = Buffer.from(
  "KLUv/QBINQoA5pcxErBXcgQHIEkKkBDalJQHFgO6EjIAKwAoAPpnTPaYqbUnktMmk2wTGsMjIYYVwlQzp/6Z7KHWIqctQGDAgKAAQCRhOgiQAIEBA4KCQ2uHpLXQIEWQIBkUyDAacvRPuOzBq7WwSFvjKGIJhZtqDLMSYggqhFOzMbZQtzsm2xZT7TDR9EyzZxKLP42OehIV7RQaymna6X03ua5MbSsT2wkTrsY/rcRvVuHvqvmr/xuUfxFUfwkUfxlq/yn5xdSwpZSwhVSwN2oCdqggGMlk0xqgoxS0ARCGIBN6p7330kVKj7h6Y+BfK9M7Av/CRVACrBFuCpAgPMfjTAKuWAHm8QgTAYjxIE+vvVlT2uoLVzbZAvFU4yB3cAlofVEIhIHtlcFwzQCb7q+Y5x6W10bzVuRNeEykbggtBgevtool6qa8rFWCkwI=",
  "base64",
);

/** A frame that declares no size, of blocks that each repeat one byte. */
function runFrame(runs: readonly { byte: number; length: number }[], windowDescriptor = 0x38): Buffer {
  const blocks = runs.map(({ byte, length }, i) => {
    const header = Buffer.alloc(4, byte);
    header.writeUIntLE(length * 8 + 2 + (i === runs.length - 1 ? 1 : 0), 0, 3);
    return header;
  });
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, windowDescriptor]), ...blocks]);
}

const SKIPPABLE = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
/**
 * One compressed block of 98 047 sequences, each a match of 65 539 bytes, from runs of codes that need no bits. A
 * decoder that checks its output only afterwards copies 6 GB.
 */
const ENDLESS_BLOCK = Buffer.from("28b52ffd00384d000000ffffff5400003401", "hex");
const ENDLESS_NOT_LAST = Buffer.from("4c000000ffffff5400003401", "hex");

test("what senders compress comes out as it was", async () => {
  const raw = Buffer.from(TEXT);
  const table: [encoding: string, body: Buffer, want: string][] = [
    ["", raw, TEXT],
    ["identity", raw, TEXT],
    ["Identity", Buffer.alloc(0), ""],
    ["gzip", gzipSync(raw), TEXT],
    [" GZIP ", gzipSync(raw, { level: 9 }), TEXT],
    ["x-gzip", gzipSync(raw), TEXT],
    ["gzip", gzipSync(""), ""],
    ["gzip", Buffer.concat([gzipSync("two "), gzipSync(""), gzipSync("members")]), "two members"],
    ["deflate", deflateSync(raw), TEXT],
    ["deflate", deflateRawSync(raw), TEXT],
    ["deflate", deflateRawSync(raw, { level: 0 }), TEXT],
    ["deflate", deflateSync(""), ""],
    ["deflate", deflateRawSync(""), ""],
    ["zstd", ZSTD_19, TEXT],
    ["zstd", ZSTD_PIPE, TEXT],
    ["ZSTD", Buffer.concat([ZSTD_PIPE, SKIPPABLE, ZSTD_19]), TEXT + TEXT],
    ["zstd", SKIPPABLE, ""],
    ["zstd", runFrame([{ byte: 97, length: 0 }]), ""],
    ["zstd", runFrame([97, 98].map((byte) => ({ byte, length: 3 }))), "aaabbb"],
  ];
  for (const [encoding, body, want] of table) {
    const got = await expandBody(body, encoding, MIB);
    assert.equal(
      got.ok ? got.bytes.toString() : got.detail,
      want,
      `${encoding} ${body.subarray(0, 20).toString("hex")}`,
    );
  }
});

test("what is not the encoding that the header names is refused, and the detail says why", async () => {
  const gzip = gzipSync(TEXT);
  const deflate = deflateSync(TEXT);
  const withBytes = (body: Buffer, changes: Record<number, number>) => {
    const changed = Buffer.from(body);
    for (const [at, byte] of Object.entries(changes)) {
      changed[Number(at)] = byte;
    }
    return changed;
  };
  const table: [encoding: string, body: Buffer, detail: RegExp][] = [
    ["gzip", Buffer.alloc(0), /gzip: unexpected end/],
    ["gzip", Buffer.from(TEXT), /gzip: incorrect header/],
    ["gzip", deflate, /gzip: incorrect header/],
    ["gzip", gzip.subarray(0, 5), /gzip: unexpected end/],
    ["gzip", gzip.subarray(0, -1), /gzip: unexpected end/],
    ["gzip", withBytes(gzip, { [gzip.length - 6]: 0 }), /gzip: incorrect data check/],
    ["gzip", withBytes(gzip, { [gzip.length - 1]: 9 }), /gzip: incorrect length check/],
    ["gzip", Buffer.concat([gzip, Buffer.alloc(8)]), /8 bytes follow the end/],
    ["gzip", Buffer.concat([gzip, Buffer.from("garbage")]), /gzip: incorrect header|7 bytes follow/],
    ["gzip", Buffer.concat([gzip, gzip.subarray(0, 15)]), /gzip: unexpected end/],
    ["deflate", Buffer.alloc(0), /deflate: unexpected end/],
    ["deflate", deflate.subarray(0, -5), /deflate: unexpected end/],
    ["deflate", deflateRawSync(TEXT).subarray(0, 30), /deflate: unexpected end/],
    ["deflate", Buffer.concat([deflate, Buffer.from("xx")]), /2 bytes follow the end/],
    ["deflate", deflateSync(TEXT, { dictionary: Buffer.from("up{i=") }), /deflate: Missing dictionary/],
    ["deflate", Buffer.from([0xff, 0xff, 0xff]), /deflate: invalid/],
    ["zstd", Buffer.alloc(0), /ends within the magic number/],
    ["zstd", Buffer.from(TEXT), /no frame begins at byte 0/],
    ["zstd", ZSTD_19.subarray(0, 5), /ends within a frame header/],
    ["zstd", ZSTD_19.subarray(0, 60), /ends within a block/],
    ["zstd", ZSTD_19.subarray(0, -1), /ends within a checksum/],
    ["zstd", ZSTD_PIPE.subarray(0, -1), /ends within a block/],
    ["zstd", withBytes(ZSTD_19, { [ZSTD_19.length - 1]: 0 }), /checksum is corrupt/],
    ["zstd", withBytes(ZSTD_19, { 100: 0xff, 101: 0xff, 102: 0xff }), /block or a checksum is corrupt/],
    ["zstd", withBytes(ZSTD_19, { 4: 0x6c }), /reserved bit/],
    ["zstd", Buffer.from("28b52ffd2009190000616263", "hex"), /declares 9 bytes, its blocks hold 3 to 3/],
    ["zstd", Buffer.from("28b52ffd013807010000", "hex"), /needs a dictionary/],
    ["zstd", Buffer.from("28b52ffd0038070000", "hex"), /a block of an unknown type at byte 6/],
    ["zstd", Buffer.from("28b52ffd2003210000", "hex"), /a block of 4 bytes at byte 6/],
    ["zstd", Buffer.concat([ZSTD_19, Buffer.from("garbage")]), /no frame begins at byte/],
    ["zstd", SKIPPABLE.subarray(0, -1), /ends within a skippable frame/],
    ["zstd", ENDLESS_BLOCK, /a block or a checksum is corrupt/],
    ["zstd", Buffer.concat(Array<Buffer>(1001).fill(SKIPPABLE)), /more than 1000 frames/],
  ];
  for (const [encoding, body, detail] of table) {
    const got = await expandBody(body, encoding, MIB);
    assert.equal(got.ok ? "taken" : got.code, "malformed_encoding", `${encoding} ${body.toString("hex")}`);
    assert.match(got.ok ? "" : got.detail, detail);
  }
});

test("an encoding that is not known, or more than one, is refused by name", async () => {
  for (const encoding of [
    "gzip, gzip",
    "gzip,identity",
    "br",
    "snappy",
    "compress",
    "zstd;q=1",
    "*",
    "x".repeat(5000),
  ]) {
    const got = await expandBody(gzipSync(gzipSync("x")), encoding, MIB);
    assert.equal(got.ok ? "taken" : got.code, "unsupported_encoding", encoding);
    assert.ok(!got.ok && got.detail.includes(encoding.slice(0, 100)) && got.detail.length < 200);
  }
});

test("the limit is the last size that is taken", async () => {
  const size = TEXT.length;
  const bodies: [encoding: string, body: Buffer][] = [
    ["identity", Buffer.from(TEXT)],
    ["gzip", gzipSync(TEXT)],
    ["deflate", deflateSync(TEXT)],
    ["zstd", ZSTD_19],
    ["zstd", ZSTD_PIPE],
  ];
  for (const [encoding, body] of bodies) {
    const taken = await expandBody(body, encoding, size);
    assert.equal(taken.ok && taken.bytes.length, size, encoding);
    const refused = await expandBody(body, encoding, size - 1);
    assert.equal(refused.ok ? "taken" : refused.code, "body_too_large", encoding);
    assert.match(refused.ok ? "" : refused.detail, /FLUX_MAX_UNCOMPRESSED_BYTES/);
  }
});

test("a gigabyte in a small body is refused, in bounded time and memory", async () => {
  const gigabyte = 1024 * MIB;
  const zeros = Buffer.alloc(16 * MIB);
  const members = Buffer.concat(Array<Buffer>(64).fill(gzipSync(zeros)));
  const runs = runFrame(Array.from({ length: gigabyte / 2 ** 17 }, () => ({ byte: 0, length: 2 ** 17 })));
  const endless = Buffer.concat([
    ENDLESS_BLOCK.subarray(0, 6),
    ...Array<Buffer>(100).fill(ENDLESS_NOT_LAST),
    ENDLESS_BLOCK.subarray(6),
  ]);
  const bombs: [encoding: string, body: Buffer][] = [
    ["gzip", members],
    ["zstd", runs],
    ["zstd", endless],
    ["deflate", deflateRawSync(Buffer.alloc(64 * MIB))],
  ];
  await expandBody(ZSTD_19, "zstd", 8 * MIB);
  const before = process.memoryUsage();
  for (const [encoding, body] of bombs) {
    const start = performance.now();
    const got = await expandBody(body, encoding, 8 * MIB);
    assert.equal(got.ok ? "taken" : got.code, "body_too_large", encoding);
    assert.ok(performance.now() - start < 20_000, `${encoding}: ${performance.now() - start} ms`);
  }
  const after = process.memoryUsage();
  const grown = after.external + after.arrayBuffers - before.external - before.arrayBuffers;
  assert.ok(grown < 64 * MIB, `grew by ${grown} bytes`);
});

test("a window of zstd that is wider than the limit is refused, one of 8 MiB never", async () => {
  const frame = (descriptor: number) => runFrame([{ byte: 97, length: 5 }], descriptor);
  const narrow = await expandBody(frame(0x68), "zstd", 100);
  assert.equal(narrow.ok && narrow.bytes.toString(), "aaaaa");
  const wide = await expandBody(frame(0x69), "zstd", 100);
  assert.ok(!wide.ok && wide.code === "body_too_large" && wide.detail.includes("a window of 9437184 bytes"));
  assert.equal((await expandBody(frame(0x69), "zstd", 16 * MIB)).ok, true);
  assert.equal((await expandBody(frame(0xff), "zstd", 64 * MIB)).ok, false);
});

test("corrupt bodies are refused or expanded within the limit, and nothing is thrown", async () => {
  const random = createRandom(20_261);
  const bodies: [encoding: string, body: Buffer][] = [
    ["gzip", gzipSync(TEXT)],
    ["deflate", deflateSync(TEXT)],
    ["deflate", deflateRawSync(TEXT)],
    ["zstd", ZSTD_19],
    ["zstd", ZSTD_PIPE],
  ];
  for (let i = 0; i < 5000; i++) {
    const [encoding, body] = bodies[i % bodies.length] ?? ["", Buffer.alloc(0)];
    const corrupt = Buffer.from(body.subarray(0, body.length - random.below(3) * random.below(body.length)));
    for (let changes = 1 + random.below(3); changes > 0 && corrupt.length > 0; changes--) {
      corrupt[random.below(corrupt.length)] = random.below(256);
    }
    const got = await expandBody(corrupt, encoding, 4096);
    assert.ok(got.ok ? got.bytes.length <= 4096 : got.detail !== "", `round ${i}`);
  }
});
