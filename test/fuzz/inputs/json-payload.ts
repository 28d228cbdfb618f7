import { deflateSync, gzipSync } from "node:zlib";
import { createRandom, type Random } from "../../support/random.ts";
import { mutateBytes } from "../mutate-bytes.ts";
import { piecesOf, shuffleTokens } from "../mutate-text.ts";
import type { MakeInput } from "../run-fuzz.ts";

const PIECES = piecesOf(
  ...['"', "\\", "{", "}", "[", "]", ",", ":", "null", "true", "NaN", "-Infinity", '"NaN"', "\n"],
  ...["1e999", "-0", "9".repeat(400), "0.1e-400", "1e11", "99999999999", '"1700000000123"', "1.5"],
  ...['"metric"', '"timestamp"', '"value"', '"metrics"', '"key"', '"__proto__":{},', '{"metrics":', '"metric":"up",'],
  ...["\\ud800", "\\u0000", '\\"', "\ufeff", "é", "😀", '_tenant_id=\\"b\\"'],
  ...[Buffer.from([0xff]), Buffer.from([0xc3]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0])],
);

function validPayload(random: Random): Buffer {
  const metric = () =>
    random.pick(['up{job="a,b=c}"}', "up", 'm{a="\\"\\\\\\n",b="é"}', '{__name__="x"}', 'up{_tenant_id="b"}']);
  const time = () => random.pick([1_700_000_000, 1_700_000_000_123, "1700000000.5", -5]);
  const value = () => random.pick([1, -0, 1.5e300, "2.5", "NaN", "-Infinity"]);
  const metrics = Array.from({ length: 1 + random.below(4) }, () => ({
    metric: metric(),
    timestamp: time(),
    value: value(),
  }));
  return Buffer.from(JSON.stringify({ ...(random.below(2) === 0 && { key: "key-of-acme" }), metrics }));
}

const corpusRandom = createRandom(2);
const corpus = Array.from({ length: 300 }, () => validPayload(corpusRandom));
interface Compression {
  readonly encoding: string;
  readonly compress: (bytes: Buffer) => Buffer;
}
const COMPRESSIONS: readonly [Compression, ...Compression[]] = [
  { encoding: "gzip", compress: gzipSync },
  { encoding: "deflate", compress: deflateSync },
];

/** A corrupt JSON payload. */
export const corruptJsonPayload: MakeInput = (random) => {
  const pick = () => corpus[random.below(corpus.length)] ?? Buffer.alloc(0);
  const corruption = { pieces: PIECES, donor: pick() };
  const json = { "content-type": "application/json" };
  if (random.below(100) === 0) {
    const { encoding, compress } = random.pick(COMPRESSIONS);
    const headers = { ...json, "content-encoding": encoding };
    return { url: "/prometheus/write", headers, body: mutateBytes(random, compress(pick()), corruption) };
  }
  // Without a key in a header, it is looked for in the body.
  const headers = random.below(5) === 0 ? { ...json, key: "" } : json;
  const mutate = random.pick([mutateBytes, shuffleTokens]);
  return { url: "/prometheus/write", headers, body: mutate(random, pick(), corruption) };
};
