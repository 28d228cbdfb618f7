import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { encodeBlock } from "../../services/shared/block.ts";
import { SPECIAL_VALUE_BITS } from "../support/special-values.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { runFlux } from "./support/run.ts";

const special = (name: string) => SPECIAL_VALUE_BITS[name] ?? 0n;
const VALUES = [
  special("1/3"),
  special("stale marker"),
  special("NaN with a payload"),
  special("-Inf"),
  special("minus zero"),
];
const TIMES = [1_700_000_000_000, 1_700_000_000_001, -1, 0, 2 ** 50];
const BLOCK = encodeBlock({
  owner: { tenant: "acme", server: "eu-1", namespace: "prod" },
  generation: 497_000,
  samples: {
    ids: BigUint64Array.from(VALUES, (_, i) => BigInt(i)),
    timestampsMs: Float64Array.from(TIMES),
    valueBits: BigUint64Array.from(VALUES),
  },
});

const HEADER = `block of ${BLOCK.length} bytes, version 1, kind 1
  tenant acme, server eu-1, namespace prod
  generation 497000 (the hour of 2026-09-12T08:00:00.000Z)
  5 samples
`;
const SAMPLES = `  0000000000000000  1700000000000  2023-11-14T22:13:20.000Z  0.3333333333333333
  0000000000000001  1700000000001  2023-11-14T22:13:20.001Z  NaN (stale_marker, 0x7ff0000000000002)
  0000000000000002  -1  1969-12-31T23:59:59.999Z  NaN (nan, 0x7ff80000deadbeef)
  0000000000000003  0  1970-01-01T00:00:00.000Z  -Inf
  0000000000000004  1125899906842624  +037648-05-06T22:07:22.624Z  -0
`;

describe("flux inspect", () => {
  test("prints a block from standard input, NaNs with their bits", async () => {
    assert.deepEqual(await runFlux(["inspect"], { stdin: BLOCK }), { code: 0, stdout: HEADER + SAMPLES, stderr: "" });
  });

  test("prints a block from a file, also with the newline that redis-cli --raw adds", async () => {
    const folder = createTempFolder();
    const path = join(folder.path, "block");
    writeFileSync(path, Buffer.concat([BLOCK, Buffer.from("\n")]));
    assert.deepEqual(await runFlux(["inspect", path]), { code: 0, stdout: HEADER + SAMPLES, stderr: "" });
    folder.remove();
  });

  test("prints no more samples than it is told to", async () => {
    const { stdout } = await runFlux(["inspect", "--samples", "1"], { stdin: BLOCK });
    assert.equal(stdout, `${HEADER}${SAMPLES.split("\n")[0]}\n  … and 4 more\n`);
  });

  const flipped = Buffer.from(BLOCK);
  flipped[40] = (flipped[40] ?? 0) ^ 1;
  const later = Buffer.from(BLOCK);
  later[0] = 7;
  const damages: [what: string, bytes: Buffer, says: RegExp][] = [
    [
      "a bit is wrong",
      flipped,
      /^ {2}damaged: checksum_mismatch at byte \d+: its checksum is .*\n {2}it says of itself, which may be wrong:\n {2}tenant acme, server eu-1/m,
    ],
    [
      "it is cut",
      BLOCK.subarray(0, 60),
      /^ {2}damaged: checksum_mismatch at byte 56: .*\n.*\n {2}tenant acme.*\n.*\n {2}5 samples$/m,
    ],
    [
      "it is of a later version",
      later,
      /version 7, kind 1\n {2}damaged: unknown_version at byte 0: its version is 7, only 1 is read here\n$/,
    ],
    [
      "there is nothing",
      Buffer.alloc(0),
      /^block of 0 bytes, version \?.*\n {2}damaged: malformed at byte 0: it has 0 bytes/,
    ],
  ];
  for (const [what, bytes, says] of damages) {
    test(`says what is wrong and where when ${what}`, async () => {
      const { code, stdout, stderr } = await runFlux(["inspect"], { stdin: bytes });
      assert.deepEqual([code, stderr], [1, ""]);
      assert.match(stdout, says);
    });
  }

  const misuses: [args: string[], says: RegExp][] = [
    [["--samples", "0"], /--samples must be a number from 1/],
    [["--blocks", "x"], /--blocks must be a number from 1/],
    [["--redis", "redis://127.0.0.1"], /--redis needs --key/],
    [["--key", "k"], /--key needs --redis, or REDIS_URL/],
    [["--key", "k", "--redis", "nonsense"], /--redis must be a URL/],
    [["--key", "k", "file"], /either a file or --key/],
  ];
  for (const [args, says] of misuses) {
    test(`refuses ${args.join(" ")}`, async () => {
      const { code, stderr } = await runFlux(["inspect", ...args]);
      assert.equal(code, 2);
      assert.match(stderr, says);
    });
  }
});
