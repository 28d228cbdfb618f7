import { referenceCodec } from "../../services/kernel/reference.ts";
import { readLabelFields, readWriteRequest } from "../../services/kernel/write-request-reader.ts";
import { compress, loadProto } from "./write-request.ts";

/** A series with the 64 bits of each value, stale markers included, samples in the order of time. */
export interface ExactSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly { readonly timestampMs: number; readonly bits: bigint }[];
}

const readRequest = loadProto().lookupType("prometheus.ReadRequest");
const MAX_RESPONSE_BYTES = 1 << 30;

/**
 * Everything that a Prometheus holds, through its remote-read API: the only one that gives stale markers and the
 * payloads of NaNs.
 */
export async function readExactly(
  prometheusUrl: string,
  startMs = 0,
  endMs = Date.now() + 60_000,
): Promise<ExactSeries[]> {
  const query = {
    startTimestampMs: startMs,
    endTimestampMs: endMs,
    matchers: [{ type: 2, name: "__name__", value: ".+" }],
  };
  const body = compress(readRequest.encode(readRequest.fromObject({ queries: [query] })).finish());
  const response = await fetch(`${prometheusUrl}/api/v1/read`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
    body: new Uint8Array(body),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) {
    throw new Error(`cannot read from ${prometheusUrl}: ${response.status} ${bytes.toString().slice(0, 200)}`);
  }
  const expanded = referenceCodec.uncompress(bytes, MAX_RESPONSE_BYTES);
  if (!expanded.ok) {
    throw new Error(`cannot read from ${prometheusUrl}: ${expanded.detail}`);
  }
  return readQueryResult(expanded.bytes);
}

/** `ReadResponse { repeated QueryResult results = 1; }`; a QueryResult has the wire form of a WriteRequest. */
function readQueryResult(readResponse: Buffer): ExactSeries[] {
  const series: ExactSeries[] = [];
  for (const result of messagesOf(readResponse)) {
    const request = readWriteRequest(result);
    for (const { rawLabels, firstSample, sampleCount } of request.series) {
      const labels: Record<string, string> = {};
      readLabelFields(Buffer.from(rawLabels, "latin1"), (name, value) => {
        labels[name.toString()] = value.toString();
      });
      const rows = Array.from({ length: sampleCount }, (_, i) => firstSample + i);
      const samples = rows.map((row) => ({
        timestampMs: request.timestampsMs[row] ?? 0,
        bits: request.valueBits[row] ?? 0n,
      }));
      series.push({ labels, samples: samples.sort((a, b) => a.timestampMs - b.timestampMs) });
    }
  }
  return series;
}

/** The length-delimited fields 1 of a message, one after the other. */
function messagesOf(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let position = 0; position < bytes.length; ) {
    if (bytes[position] !== 0x0a) {
      throw new Error(`field ${bytes[position]} where only 1 belongs`);
    }
    let length = 0;
    let shift = 1;
    let byte = 0x80;
    for (position++; byte >= 0x80; position++) {
      byte = bytes[position] ?? 0;
      length += (byte & 0x7f) * shift;
      shift *= 128;
    }
    messages.push(bytes.subarray(position, position + length));
    position += length;
  }
  return messages;
}
