import type { Codec } from "../../kernel/codec.ts";
import { adapterOf } from "../formats/influx-adapter.ts";
import { type InfluxOutcome, influxAnswer } from "../formats/influx-answer.ts";
import { influxIdentity } from "../formats/influx-identity.ts";
import { type InfluxOptions, type InfluxPayload, parseInfluxPayload } from "../formats/influx-payload.ts";
import { type InfluxDialect, parsePrecision } from "../formats/influx-precision.ts";
import { metricPrefix } from "../formats/influx-prefix.ts";
import { refusalAnswer } from "../http/answer.ts";
import { expandBody } from "../http/expand-body.ts";
import type { Intake } from "../intake/intake.ts";
import { totalSamples } from "../intake/total-samples.ts";
import { contentEncoding } from "../write-request.ts";
import type { Decode, Dialect } from "./dialect.ts";

/** Samples in one request, and bytes of their labels: every field of a line repeats its tags. */
const MAX_SAMPLES = 1_000_000;
const MAX_LABEL_BYTES = 64 * 1024 * 1024;

/** InfluxDB line protocol, answered in the words of InfluxDB 1.x or 2.x. */
export function lineProtocolDialect(version: InfluxDialect, codec: Codec): Dialect {
  return {
    introduce: async (request) => {
      const told = influxIdentity(request, { queryCredentials: true });
      return told.ok ? { ok: true, request: { ...request, headers: told.headers } } : told;
    },
    decoderFor: (request, { influx }) => {
      const absent = influx.precision === "auto" ? "auto" : "ns";
      const unit = parsePrecision(request.query.get("precision"), version, absent);
      if (!unit.ok) {
        return unit;
      }
      const options = {
        precision: unit.precision,
        adapter: adapterOf(request),
        prefix: metricPrefix(request, influx.dbPrefix),
        stringFields: influx.stringFields,
        maxSamples: MAX_SAMPLES,
        maxLabelBytes: MAX_LABEL_BYTES,
      };
      return { ok: true, decode: (bytes, { nowMs }) => decode(bytes, { ...options, nowMs }, version, codec) };
    },
    expand: (body, { headers, memory }, maxBytes) => expandBody(body, contentEncoding(headers), maxBytes, memory),
    answerRefused: (refusal, retryAfterSeconds) => {
      const { status, headers } = refusalAnswer(refusal, retryAfterSeconds);
      const message = `${refusal.code}: ${refusal.detail}`;
      return influxAnswer(version, { kind: "refused", status, message, headers });
    },
  };
}

function decode(bytes: Buffer, options: InfluxOptions, version: InfluxDialect, codec: Codec): ReturnType<Decode> {
  const parsed = parseInfluxPayload(bytes, options, codec);
  if (!parsed.ok) {
    return parsed;
  }
  const { payload } = parsed;
  const answerStored = (intake: Intake) => influxAnswer(version, outcomeOf(payload, intake));
  return { ok: true, decoded: { payload, answerStored } };
}

/** What became of the lines, and of the series that are not taken although their lines could be read. */
function outcomeOf({ faults, firstFault }: InfluxPayload, { refusals, refused, kept, dropped }: Intake): InfluxOutcome {
  const count = faults + totalSamples(refused);
  const [first] = refusals;
  if (count === 0) {
    return { kind: "stored" };
  }
  const othersStored = kept.series.length + totalSamples(dropped) > 0;
  const seriesWords = first ? `${first.reason}: ${first.detail}` : "";
  return firstFault
    ? { kind: "lines_refused", othersStored, count, ...firstFault }
    : { kind: "lines_refused", othersStored, count, words: seriesWords };
}
