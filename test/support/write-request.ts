import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import snappy from "snappyjs";

/*
 * Builds remote-write 1.0 bodies as a sender does. Labels and structure go through the vendored .proto files, which
 * makes this independent of the reader under test; values are written as raw bits (`fixed64` has the wire form of
 * `double`), because a double would lose the payload of a NaN on its way through JavaScript.
 */

export interface SampleSpec {
  readonly timestampMs: number;
  /** A number, or its 64 bits. */
  readonly value: number | bigint;
}

export interface SeriesSpec {
  /** Pairs, in the order in which they are to stand on the wire. */
  readonly labels: readonly (readonly [string, string])[] | Readonly<Record<string, string>>;
  readonly samples: readonly SampleSpec[];
}

const protoFolder = new URL("../../proto/prometheus/", import.meta.url);

/** The vendored definitions; `gogoproto` only serves Go's code generator and is left out. */
export function loadProto(): protobuf.Root {
  const root = new protobuf.Root();
  for (const file of ["types.proto", "remote.proto"]) {
    const text = readFileSync(new URL(file, protoFolder), "utf8");
    protobuf.parse(text.replace(/^import .*$/gm, ""), root, { keepCase: false });
  }
  return root;
}

const rawValueProto = `syntax = "proto3"; package raw;
  message WriteRequest { repeated TimeSeries timeseries = 1; repeated Metadata metadata = 3; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
  message Label { string name = 1; string value = 2; }
  message Sample { fixed64 value = 1; int64 timestamp = 2; }
  message Metadata { uint32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }`;
const rawWriteRequest = protobuf.parse(rawValueProto, { keepCase: true }).root.lookupType("raw.WriteRequest");

/** The protobuf bytes of a WriteRequest. */
export function encodeWriteRequest(series: readonly SeriesSpec[], metadata: readonly object[] = []): Buffer {
  const message = {
    timeseries: series.map(({ labels, samples }) => ({
      labels: (Array.isArray(labels) ? labels : Object.entries(labels)).map(([name, value]) => ({ name, value })),
      samples: samples.map(({ timestampMs, value }) => ({
        value: longOf(value),
        timestamp: longOf(BigInt(timestampMs)),
      })),
    })),
    metadata,
  };
  return Buffer.from(rawWriteRequest.encode(rawWriteRequest.fromObject(message)).finish());
}

/** The body of a request to write: snappy block of the protobuf bytes. */
export function writeRequestBody(series: readonly SeriesSpec[], metadata: readonly object[] = []): Buffer {
  return compress(encodeWriteRequest(series, metadata));
}

export function compress(bytes: Uint8Array): Buffer {
  return Buffer.from(snappy.compress(new Uint8Array(bytes)));
}

function longOf(value: number | bigint): protobuf.Long {
  const bits = typeof value === "bigint" ? BigInt.asUintN(64, value) : doubleBits(value);
  return new protobuf.util.Long(Number(bits & 0xffffffffn) | 0, Number(bits >> 32n) | 0, true);
}

function doubleBits(value: number): bigint {
  return new BigUint64Array(new Float64Array([value]).buffer)[0] ?? 0n;
}
