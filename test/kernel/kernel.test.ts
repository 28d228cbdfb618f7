import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Codec } from "../../services/kernel/codec.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import type { KernelExports } from "../../services/kernel/kernel-exports.ts";
import { kernelInstances, loadKernel } from "../../services/kernel/load-kernel.ts";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { NONE } from "../../services/kernel/series-index.ts";
import { createRandom } from "../support/random.ts";
import { SPECIAL_VALUE_BITS } from "../support/special-values.ts";
import { compress, type SeriesSpec, writeRequestBody } from "../support/write-request.ts";
import { readResult } from "./support/read-result.ts";

const MAX_BYTES = 1 << 20;

function seriesOf(count: number): SeriesSpec[] {
  return Array.from({ length: count }, (_, i) => ({
    labels: { __name__: "up", instance: `host-${i}:9100`, job: "node" },
    samples: Object.values(SPECIAL_VALUE_BITS).map((value, n) => ({ timestampMs: n - 3 - i * 2 ** 40, value })),
  }));
}

/** A kernel whose reference codec may not be asked. */
function aloneKernel(): Kernel {
  const refuse = () => assert.fail("the reference codec was asked");
  const reference: Codec = { readWriteRequest: refuse, decodeLabels: refuse, recordsOf: refuse };
  return new Kernel({
    instantiate: kernelInstances(),
    reference,
    fillRandom: (bytes) => bytes.fill(7),
    onFailure: (error) => assert.fail(String(error)),
  });
}

describe("the kernel reads by itself what senders send:", () => {
  const same = (body: Buffer) =>
    assert.deepEqual(
      readResult(aloneKernel().readWriteRequest(body, MAX_BYTES)),
      readResult(referenceCodec.readWriteRequest(body, MAX_BYTES)),
    );

  test("series with every special value and times of either sign", () => same(writeRequestBody(seriesOf(20))));

  test("any number of series, with any number of labels that are short or long", () => {
    for (let count = 1; count < 10; count++) {
      const labelsOf = (series: number) =>
        Object.fromEntries(
          Array.from({ length: (series * 7 + count) % 11 }, (_, label) => {
            // The field of a label is 6 bytes longer than its value here: of 121 on it has 128 bytes and more.
            const valueBytes = (series + label) % 3 === 0 ? 116 + ((series * 3 + label) % 10) : label;
            return [`l${label}`, "v".repeat(valueBytes)];
          }),
        );
      same(
        writeRequestBody(
          Array.from({ length: count }, (_, series) => ({
            labels: labelsOf(series),
            samples: Array.from({ length: (series + count) % 3 }, (_, i) => ({ timestampMs: 1e12 + i, value: i })),
          })),
        ),
      );
    }
  });

  test("times of every length", () => {
    const times = Array.from({ length: 63 }, (_, bits) => [2 ** bits - 1, 2 ** bits, -(2 ** bits)]).flat();
    same(
      writeRequestBody(
        times.map((timestampMs) => ({ labels: { __name__: "up" }, samples: [{ timestampMs, value: 1 }] })),
      ),
    );
    // Six bytes, of which the last says nothing; of which the last goes on; and such of which one ends too early.
    for (const varint of ["808080808000", "ffffffffff7f", "808080808080", "80807f808001", "8080800180"]) {
      const sample = Buffer.from(`09000000000000f03f10${varint}`, "hex");
      const series = Buffer.concat([Buffer.of(0x12, sample.length), sample]);
      const body = compress(Buffer.concat([Buffer.of(0x0a, series.length), series]));
      const kernel = loadKernel((error) => assert.fail(String(error)));
      assert.deepEqual(
        readResult(kernel.readWriteRequest(body, MAX_BYTES)),
        readResult(referenceCodec.readWriteRequest(body, MAX_BYTES)),
        varint,
      );
    }
  });

  test("nothing", () => same(compress(Buffer.alloc(0))));

  test("metadata, exemplars and histograms", () => {
    const metadata = "1a0a08011203666f6f2201681a021200";
    same(compress(Buffer.from(`0a061a001a002200${metadata}`, "hex")));
  });

  test("bodies that repeat themselves at every distance", () => {
    const random = createRandom();
    for (let distance = 1; distance < 80; distance++) {
      const name = Array.from({ length: distance }, () => String.fromCharCode(97 + random.below(26))).join("");
      same(
        writeRequestBody([{ labels: { __name__: name.repeat(6) }, samples: [{ timestampMs: 1, value: distance }] }]),
      );
    }
  });
});

test("what the kernel does not read, the reference does: rare and wrong bodies mean the same to both", () => {
  const kernel = loadKernel((error) => assert.fail(String(error)));
  const apart = "0a160a080a01611203666f6f12000a080a01621203626172";
  const unknownField = "0a0312002a01ff";
  for (const hex of [apart, unknownField, "0a05", "0aff", "0000", "0801", "0a0412020801", "0a0412021080"]) {
    const body = compress(Buffer.from(hex, "hex"));
    assert.deepEqual(
      readResult(kernel.readWriteRequest(body, MAX_BYTES)),
      readResult(referenceCodec.readWriteRequest(body, MAX_BYTES)),
      hex,
    );
  }
  for (const body of [
    Buffer.alloc(0),
    Buffer.from("not snappy"),
    Buffer.from([4, 0x01, 0x01]),
    Buffer.alloc(9, 0xff),
  ]) {
    assert.equal(readResult(kernel.readWriteRequest(body, MAX_BYTES)).code, "malformed_snappy");
  }
});

test("the labels of a request cannot be had after the next one was read", () => {
  const kernel = aloneKernel();
  const read = kernel.readWriteRequest(writeRequestBody(seriesOf(1)), MAX_BYTES);
  assert.ok(read.ok);
  kernel.readWriteRequest(writeRequestBody(seriesOf(2)), MAX_BYTES);
  assert.throws(() => read.request.series.at(0)?.rawLabels, /the kernel has read another request since/);
});

describe("an instance that fails is thrown away:", () => {
  const trap = () => {
    throw new Error("unreachable");
  };
  /** A kernel whose first instance fails in these functions. */
  function failingKernel(broken: Partial<KernelExports>) {
    const failures: unknown[] = [];
    const instantiate = kernelInstances();
    let instances = 0;
    const kernel = new Kernel({
      instantiate: () => (instances++ === 0 ? { ...instantiate(), ...broken } : instantiate()),
      reference: referenceCodec,
      fillRandom: (bytes) => bytes.fill(7),
      onFailure: (error) => failures.push(error),
    });
    return { kernel, failures };
  }
  const body = writeRequestBody(seriesOf(3));

  test("the body that it failed at is read by the reference, the next one by a new instance", () => {
    const { kernel, failures } = failingKernel({ readRequest: trap });
    for (let i = 0; i < 2; i++) {
      const read = kernel.readWriteRequest(body, MAX_BYTES);
      assert.deepEqual(readResult(read), readResult(referenceCodec.readWriteRequest(body, MAX_BYTES)));
    }
    assert.equal(failures.length, 1);
    assert.equal(kernel.incarnation, 1);
  });

  test("a look-up that failed throws, and the new instance knows nothing", () => {
    const { kernel, failures } = failingKernel({ numberAll: trap });
    const read = kernel.readWriteRequest(body, MAX_BYTES);
    assert.ok(read.ok);
    const { request } = read;
    assert.throws(() => kernel.numberAll(1, request), /unreachable/);
    assert.equal(kernel.incarnation, 1);
    assert.equal(failures.length, 1);
    const again = kernel.readWriteRequest(body, MAX_BYTES);
    assert.ok(again.ok);
    assert.deepEqual([...kernel.numberAll(1, again.request)], [0, NONE, 1, NONE, 2, NONE]);
  });
});
