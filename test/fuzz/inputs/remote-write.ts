import { createRandom, type Random } from "../../support/random.ts";
import { SPECIAL_VALUE_BITS } from "../../support/special-values.ts";
import { compress, loadProto } from "../../support/write-request.ts";
import { mutateBytes } from "../mutate-bytes.ts";
import { mutateProtobuf } from "../mutate-protobuf.ts";
import type { MakeInput } from "../run-fuzz.ts";

const PIECES = [
  Buffer.from([0x0a, 0x00]),
  Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]),
  Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
  Buffer.from([0x80, 0x80, 0x80, 0x80]),
  Buffer.from([0x12, 0x04]),
  Buffer.from([0x0b]),
  Buffer.from([0x00]),
  Buffer.from([0xfc, 0xff, 0xff, 0xff, 0x7f]),
  Buffer.from([0xed, 0xa0, 0x80]),
] as const;

const writeRequest = loadProto().lookupType("prometheus.WriteRequest");
const bits = Object.values(SPECIAL_VALUE_BITS);

/** A whole WriteRequest, with all that 1.0 has. */
function validRequest(random: Random): Buffer {
  const text = () => random.pick(["a", "job", "é☃", "x".repeat(70), 'say "x"', "\u{1f600}", "_tenant_id"]);
  const timeseries = Array.from({ length: 1 + random.below(4) }, (_, i) => ({
    labels: [
      { name: "__name__", value: `m_${i}` },
      ...Array.from({ length: random.below(4) }, (_, n) => ({ name: `l${n}`, value: text() })),
    ],
    samples: Array.from({ length: random.below(4) }, () => ({
      value: Number(random.pick([1.5, -0, Number.POSITIVE_INFINITY, Number(bits[0] ?? 0n)])),
      timestamp: random.below(2 ** 41) - 2 ** 40,
    })),
    ...(random.below(8) === 0 && { exemplars: [{ labels: [{ name: "trace_id", value: text() }], value: 1 }] }),
    ...(random.below(8) === 0 && { histograms: [{ countInt: 3, sum: 4.5, schema: 1, positiveDeltas: [1, 2] }] }),
  }));
  const metadata = random.below(5) === 0 ? [{ type: 1, metricFamilyName: "m_0", help: text(), unit: "s" }] : [];
  return Buffer.from(writeRequest.encode(writeRequest.fromObject({ timeseries, metadata })).finish());
}

const corpusRandom = createRandom(1);
const corpus = Array.from({ length: 300 }, () => validRequest(corpusRandom));

/** A corrupt WriteRequest, or a corrupt snappy block of one. */
export const corruptWriteRequest: MakeInput = (random) => {
  const pick = () => corpus[random.below(corpus.length)] ?? Buffer.alloc(0);
  const bodies = [
    () => compress(mutateProtobuf(random, pick())),
    () => compress(mutateProtobuf(random, mutateProtobuf(random, pick()))),
    () => compress(mutateBytes(random, pick(), { pieces: PIECES, donor: pick() })),
    () => mutateBytes(random, compress(pick()), { pieces: PIECES, donor: compress(pick()) }),
  ] as const;
  return { url: "/api/v1/write", headers: {}, body: random.pick(bodies)() };
};
