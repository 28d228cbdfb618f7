import snappy from "snappyjs";

/*
 * The fixed payload of the benchmark: 200 000 series of 10 labels, about 270 bytes of labels each, one sample a
 * series. Requests are encoded once; for each round only the timestamps in them change, always at the same length.
 */

export const SERIES = 200_000;
const TIMESTAMP_VARINT_BYTES = 6;

/** Requests to write that hold every series once. */
export interface Payload {
  readonly samples: number;
  readonly rawBytesPerSeries: number;
  /** Snappy bodies of all requests, every sample at this time. */
  bodiesAt(timestampMs: number): Buffer[];
}

/** @param seriesPerRequest samples in each request. */
export function buildPayload(seriesPerRequest: number): Payload {
  const requests: { bytes: Buffer; timestampsAt: number[] }[] = [];
  for (let first = 0; first < SERIES; first += seriesPerRequest) {
    requests.push(encodeRequest(first, Math.min(first + seriesPerRequest, SERIES)));
  }
  const rawBytes = requests.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return {
    samples: SERIES,
    rawBytesPerSeries: Math.round(rawBytes / SERIES),
    bodiesAt: (timestampMs) =>
      requests.map(({ bytes, timestampsAt }) => {
        const time = varint(timestampMs);
        for (const position of timestampsAt) {
          bytes.set(time, position);
        }
        return Buffer.from(snappy.compress(new Uint8Array(bytes)));
      }),
  };
}

function labelsOf(series: number): [string, string][] {
  const instance = series % 500;
  return [
    ["__name__", `node_network_transmit_bytes_${Math.floor(series / 2000)}`],
    ["cluster", "prod-eu"],
    ["container", `app-server-${series % 40}`],
    ["device", `eth${series % 4}`],
    ["env", "production"],
    ["instance", `10.20.${Math.floor(instance / 250)}.${instance % 250}:9100`],
    ["job", "kubelet"],
    ["namespace", `team-${Math.floor(series / 500) % 20}`],
    ["pod", `app-server-7d9c6b5f4-${series.toString(36).padStart(5, "0")}`],
    ["zone", `eu-west-1${"abc"[series % 3]}`],
  ];
}

function encodeRequest(first: number, end: number): { bytes: Buffer; timestampsAt: number[] } {
  const parts: Buffer[] = [];
  const timestampsAt: number[] = [];
  let length = 0;
  for (let series = first; series < end; series++) {
    const labels = Buffer.concat(labelsOf(series).map(([name, value]) => field(1, text(1, name), text(2, value))));
    const value = Buffer.alloc(9, 0x09);
    value.writeDoubleLE(series * 1.1, 1);
    const sample = field(2, value, Buffer.concat([Buffer.of(0x10), Buffer.alloc(TIMESTAMP_VARINT_BYTES)]));
    const message = field(1, labels, sample);
    length += message.length;
    timestampsAt.push(length - TIMESTAMP_VARINT_BYTES);
    parts.push(message);
  }
  return { bytes: Buffer.concat(parts), timestampsAt };
}

function text(number: number, value: string): Buffer {
  return field(number, Buffer.from(value));
}

function field(number: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.of(number * 8 + 2), varint(body.length), body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
