import assert from "node:assert/strict";
import { test } from "node:test";
import { pythonFloatText } from "../../services/flux/python-float.ts";
import { createRandom } from "../support/random.ts";
import { numberOf } from "../support/special-values.ts";

/** The bits of doubles, and what Python 3.11 gives as their `repr`. */
const REPR: readonly (readonly [bits: bigint, text: string])[] = [
  [0x0000000000000000n, "0.0"],
  [0x8000000000000000n, "-0.0"],
  [0x3ff0000000000000n, "1.0"],
  [0xbff0000000000000n, "-1.0"],
  [0x3fb999999999999an, "0.1"],
  [0x3fd5555555555555n, "0.3333333333333333"],
  [0x4011666666666666n, "4.35"],
  [0x4059000000000000n, "100.0"],
  [0x419d6f3454000000n, "123456789.0"],
  [0x427a1fbdf1c9f000n, "1795227065503.0"],
  [0x430c6bf526340000n, "1000000000000000.0"],
  [0x4341c37937e07fffn, "9999999999999998.0"],
  [0x4341c37937e08000n, "1e+16"],
  [0x436cc4467765e04fn, "6.4776850222547576e+16"],
  [0x437b69b4ba630f35n, "1.2345678901234568e+17"],
  [0x4340000000000001n, "9007199254740994.0"],
  [0x3f1a36e2eb1c432dn, "0.0001"],
  [0x3f1a36e2eb1c432cn, "9.999999999999999e-05"],
  [0x3ee4f8b588e368f1n, "1e-05"],
  [0x3e19c511dc3a41dfn, "1.5e-09"],
  [0xbe90c6f7a0b5ed8dn, "-2.5e-07"],
  [0x3eb0000000000000n, "9.5367431640625e-07"],
  [0x444b1ae4d6e2ef50n, "1e+21"],
  [0x4480f0cf064dd592n, "1e+22"],
  [0x44b52d02c7e14af6n, "1e+23"],
  [0x54b249ad2594c37dn, "1e+100"],
  [0x44dfe185ca57c517n, "6.02214076e+23"],
  [0x0000000000000001n, "5e-324"],
  [0x0010000000000000n, "2.2250738585072014e-308"],
  [0x7fefffffffffffffn, "1.7976931348623157e+308"],
  [0xc36aa4f47a9c28dbn, "-5.999775464405577e+16"],
  [0xbf2b86784abf68d5n, "-0.00021000116737363594"],
  [0x3f161720e160d5a4n, "8.426798044144104e-05"],
  [0x81c5320d0f01d245n, "-3.9562e-300"],
  [0x55dbb75cc7ab312fn, "3.9729501694637433e+105"],
  [0xb13151c3ef14b0f0n, "-9.80243073067968e-72"],
  [0x01d5f2be6bdae268n, "8.193389376952139e-300"],
  [0xc488d8bd7d8278c0n, "-1.4666868315236642e+22"],
  [0x7ff0000000000000n, "inf"],
  [0xfff0000000000000n, "-inf"],
  [0x7ff8000000000000n, "nan"],
  [0x7ff0000000000002n, "nan"],
];

for (const [bits, text] of REPR) {
  test(`${text} is written as Python writes it`, () => assert.equal(pythonFloatText(numberOf(bits)), text));
}

test("any double is written with a point or an exponent, and read back as the same double", () => {
  const random = createRandom();
  const bits = new Uint32Array(2);
  for (let i = 0; i < 20_000; i++) {
    bits.set([random.below(2 ** 32), random.below(2 ** 32)]);
    const [value = 0] = new Float64Array(bits.buffer);
    if (Number.isFinite(value)) {
      const text = pythonFloatText(value);
      assert.equal(Number(text), value, `seed ${random.seed}`);
      assert.match(text, /^-?(\d{1,16}\.\d+|\d(\.\d+)?e[+-]\d{2,3})$/, `seed ${random.seed}`);
      assert.ok(
        text.replace(/e.*|\D/g, "").replace(/^0+/, "").length <= 17,
        `seed ${random.seed}: ${text} has digits that say nothing`,
      );
    }
  }
});
