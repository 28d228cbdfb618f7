import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { apiKeyFault, keyDigest, writtenKeyDigest } from "../../settings/api-key.ts";
import { parseSettings } from "../../settings/load.ts";

/** What `printf %s 'green key ~1' | sha256sum` prints. */
const KEY = "green key ~1";
const DIGITS = createHash("sha256").update(Buffer.from(KEY, "utf8")).digest("hex");
const HASHED = `sha256:${DIGITS}`;

const keysEnv = (...keys: string[]) => ({
  FLUX_API_KEYS: `{${keys.map((key, i) => `${JSON.stringify(key)}: "team-${i}"`).join(", ")}}`,
});
const problems = (env: Record<string, string>, yaml?: string) => {
  const loaded = parseSettings(yaml === undefined ? undefined : { name: "flux.yml", text: yaml }, env);
  return loaded.ok ? [] : loaded.problems;
};

test("a key that is written as its SHA-256 is the key itself, in either case of the digits", () => {
  for (const written of [KEY, HASHED, `SHA256:${DIGITS.toUpperCase()}`]) {
    assert.equal(apiKeyFault(written), undefined);
    assert.equal(writtenKeyDigest(written).toString("hex"), DIGITS);
  }
});

test("the digest of what a sender says is never taken from its text", () => {
  assert.notEqual(keyDigest(HASHED).toString("hex"), DIGITS);
});

test("settings refuse a key with other characters than printable ASCII, naming the entry and not showing it", () => {
  for (const written of ["grüner-schlüssel", "ключ-ключ", "key-with-\u0000-nul", "key-with-\t-tab"]) {
    const said = "must be printable ASCII characters";
    assert.deepEqual(problems(keysEnv("good-key-0", written)), [
      `cannot use FLUX_API_KEYS, entry 2 (the environment): its key ${said}`,
    ]);
    assert.deepEqual(problems({ FLUX_SELF_API_KEY: written }), [
      `cannot use FLUX_SELF_API_KEY (the environment): ${said}`,
    ]);
  }
});

const malformed: [what: string, written: string][] = [
  ["nothing after the mark", "sha256:"],
  ["a digit too few", HASHED.slice(0, -1)],
  ["a digit too many", `${HASHED}0`],
  ["a letter that is no digit", `${HASHED.slice(0, -1)}g`],
  ["a space", `sha256: ${DIGITS}`],
  ["the file name that sha256sum prints", `${HASHED}  -`],
  ["a line end", `${HASHED}\n`],
];

describe("settings refuse a hashed key", () => {
  for (const [what, written] of malformed) {
    test(`with ${what}, naming the entry and not showing it`, () => {
      const said = "must be sha256: and the 64 hexadecimal digits of the key's SHA-256";
      assert.deepEqual(problems(keysEnv("good-key-0", written)), [
        `cannot use FLUX_API_KEYS, entry 2 (the environment): its key ${said}`,
      ]);
      assert.deepEqual(problems({ FLUX_SELF_API_KEY: written }), [
        `cannot use FLUX_SELF_API_KEY (the environment): ${said}`,
      ]);
    });
  }

  test("and take a good one from the environment and from a file without quotes", () => {
    assert.deepEqual(problems({ ...keysEnv(HASHED), FLUX_SELF_API_KEY: `sha256:${"0".repeat(64)}` }), []);
    const yaml = `FLUX_SELF_API_KEY: sha256:${"0".repeat(64)}\nFLUX_API_KEYS:\n  ${HASHED}: team-a\n`;
    assert.deepEqual(problems({}, yaml), []);
  });
});

describe("settings refuse a key that is set twice", () => {
  const own = "give it a key of its own";
  const cases: [what: string, env: Record<string, string>, want: string][] = [
    [
      "plain and hashed",
      keysEnv(KEY, "other-key", HASHED),
      `cannot use FLUX_API_KEYS, entry 3: its key is also that of entry 1: ${own}`,
    ],
    [
      "hashed with digits of either case",
      keysEnv(HASHED, `sha256:${DIGITS.toUpperCase()}`),
      `cannot use FLUX_API_KEYS, entry 2: its key is also that of entry 1: ${own}`,
    ],
    [
      "hashed, and as FLUX_SELF_API_KEY",
      { ...keysEnv("other-key", HASHED), FLUX_SELF_API_KEY: KEY },
      `cannot use FLUX_API_KEYS, entry 2: its key is FLUX_SELF_API_KEY, which may write for every tenant: ${own}`,
    ],
    [
      "plain, and hashed as FLUX_SELF_API_KEY",
      { ...keysEnv(KEY), FLUX_SELF_API_KEY: HASHED },
      `cannot use FLUX_API_KEYS, entry 1: its key is FLUX_SELF_API_KEY, which may write for every tenant: ${own}`,
    ],
  ];
  for (const [what, env, want] of cases) {
    test(what, () => assert.deepEqual(problems(env), [want]));
  }
});
