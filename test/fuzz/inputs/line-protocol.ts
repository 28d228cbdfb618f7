import { gzipSync } from "node:zlib";
import { createRandom } from "../../support/random.ts";
import { encodePoint, LINE_ENDS, randomPoint } from "../../support/random-points.ts";
import type { FuzzInput } from "../fuzz-intake.ts";
import { mutateBytes } from "../mutate-bytes.ts";
import { piecesOf, shuffleTokens } from "../mutate-text.ts";
import type { MakeInput } from "../run-fuzz.ts";

const PIECES = piecesOf(
  ...["m", ",", "=", " ", '"', "\\", "\\,", "\\ ", '\\"', "\n", "\r\n", "#", "\t", "\0", "\ufeff"],
  ...["1", "1i", "1u", "9".repeat(30), "1e999", "-", "-0", ".", "NaN", "inf", "t", "FALSE", '"x"', '"\n"'],
  ...[" value=1 5\n", " value=", ",a=b", " 1700000000000000000", "99999999999999999999", "-9223372036854775808"],
  ...["__name__=x,", "_tenant_id=b,", "__x=y", "é", "😀", Buffer.from([0xff]), Buffer.from([0xc3])],
);

/** Every dialect, unit of time and adapter. */
export const LINE_SENDERS: readonly [Pick<FuzzInput, "url" | "headers">, ...Pick<FuzzInput, "url" | "headers">[]] = [
  { url: "/write", headers: {} },
  { url: "/write?precision=ms&db=a", headers: {} },
  { url: "/write?precision=h", headers: {} },
  { url: "/api/v2/write?bucket=a&precision=s", headers: {} },
  { url: "/prometheus/write?db=a", headers: {} },
  {
    url: "/write?db=a&rp=&consistency=&precision=ms",
    headers: { "user-agent": "InfluxDBClient" },
  },
  {
    url: "/api/v2/write?bucket=a&org=&precision=ms",
    headers: { "user-agent": "influxdb-client-go/2.13.0 (linux; amd64)" },
  },
];

const corpusRandom = createRandom(3);
const corpus = Array.from({ length: 300 }, () => {
  const points = Array.from({ length: 1 + corpusRandom.below(4) }, () => randomPoint(corpusRandom));
  return Buffer.from(points.map((point) => encodePoint(corpusRandom, point, LINE_ENDS)).join(""));
});

/** Corrupt line protocol, of any sender. */
export const corruptLineProtocol: MakeInput = (random) => {
  const pick = () => corpus[random.below(corpus.length)] ?? Buffer.alloc(0);
  const corruption = { pieces: PIECES, donor: pick() };
  const { url, headers } = random.pick(LINE_SENDERS);
  if (random.below(100) === 0) {
    const body = mutateBytes(random, gzipSync(pick()), corruption);
    return { url, headers: { ...headers, "content-encoding": "gzip" }, body };
  }
  return { url, headers, body: random.pick([mutateBytes, shuffleTokens])(random, pick(), corruption) };
};
