import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadSettings, parseSettings, settingsThatNeedRestart } from "../../settings/load.ts";
import { RELOADABLE_SETTINGS } from "../../settings/reloadable.ts";
import type { Settings } from "../../settings/schema.ts";
import { SETTING_NAMES } from "../../settings/value-kind.ts";

type Env = Record<string, string>;

const file = (text: string) => ({ name: "/etc/flux/flux.yml", text });

function settings(text: string | undefined, env: Env = {}): Settings {
  const result = parseSettings(text === undefined ? undefined : file(text), env);
  assert.ok(result.ok, result.ok ? "" : result.problems.join("\n"));
  return result.settings;
}

function problems(text: string | undefined, env: Env = {}): string[] {
  const result = parseSettings(text === undefined ? undefined : file(text), env);
  assert.ok(!result.ok, "the settings were accepted");
  return result.problems;
}

test("without a file and variables, every setting has its default", () => {
  const defaults = settings(undefined);
  assert.equal(defaults.FLUX_PORT, 8000);
  assert.equal(defaults.REDIS_URL, undefined);
  assert.deepEqual(settings(""), defaults);
  assert.deepEqual(settings("# only a comment\n"), defaults);
});

test("values are read as what their setting holds", () => {
  const check = (name: keyof Settings, fromFile: string, want: unknown, fromEnv = fromFile) => {
    assert.deepEqual(settings(`${name}: ${fromFile}\n`)[name], want, `${name} from the file`);
    assert.deepEqual(settings(undefined, { [name]: fromEnv })[name], want, `${name} from the environment`);
  };
  check("FLUX_PORT", "9000", 9000);
  check("HORIZON_INTERVAL_SECONDS", "0.5", 0.5);
  check("BUFFER_MAX_BYTES", "1e9", 1_000_000_000);
  check("RTS_ENABLED", "false", false);
  check("RTS_ENABLED", "True", true);
  check("LOG_LEVEL", "debug", "debug");
  check("FLUX_HOST", "0.0.0.0", "0.0.0.0");
  check("LOCAL_VICTORIAMETRICS_RETENTION", "12", "12");
  check("FLUX_SELF_API_KEY", "00012345678901234567890", "00012345678901234567890");
  check("SKIP_LIST", '["up", "go_.*"]', ["up", "go_.*"]);
  check("SKIP_LIST", "\n  - up\n  - 404", ["up", "404"], '["up","404"]');
  check("DROP_LABELS", '[["monitor", "^a$"], ["replica"]]', [["monitor", "^a$"], ["replica"]]);
  check("DROP_LABELS", "[]", []);
  check("FLUX_API_KEYS", "{0123456789: team-a}", { "0123456789": "team-a" }, '{"0123456789": "team-a"}');
  check("FLUX_NAMESPACE_QUOTAS", "{team-a: 100}", { "team-a": 100 }, '{"team-a": 100}');
  check(
    "FLUX_API_KEYS",
    "\n  abcdefgh:\n    namespace: a\n    tenants: [t1, t2]\n    tenant: t2\n    server: s",
    { abcdefgh: { namespace: "a", tenants: ["t1", "t2"], tenant: "t2", server: "s" } },
    '{"abcdefgh": {"namespace": "a", "tenants": ["t1", "t2"], "tenant": "t2", "server": "s"}}',
  );
});

test("the environment wins over the file", () => {
  assert.equal(settings("FLUX_PORT: 9000\n", { FLUX_PORT: "9001" }).FLUX_PORT, 9001);
  assert.equal(settings("FLUX_PORT: nonsense\n", { FLUX_PORT: "9001" }).FLUX_PORT, 9001);
});

test("what is empty counts as not set", () => {
  assert.equal(settings("FLUX_PORT: 9000\n", { FLUX_PORT: "" }).FLUX_PORT, 9000);
  for (const nothing of ["", "~", "null", '""']) {
    assert.equal(settings(`DATA_DIR: ${nothing}\n`).DATA_DIR, "./data", `DATA_DIR: ${nothing}`);
  }
});

test("variables that are no settings are left alone", () => {
  assert.equal(settings(undefined, { PATH: "/bin", FLUX_SETTINGS: "" }).FLUX_PORT, 8000);
});

test("a problem names the setting, where it was set, and what is wrong", () => {
  const check = (text: string | undefined, env: Env, want: string) => assert.deepEqual(problems(text, env), [want]);
  const fromEnv = (name: string, value: string, want: string) =>
    check(undefined, { [name]: value }, `cannot use ${name}${want}`);
  fromEnv("FLUX_PORT", "70000", " (the environment): must be at most 65535, not 70000");
  fromEnv("FLUX_PORT", "-1", " (the environment): must be at least 0, not -1");
  fromEnv("FLUX_PORT", "tcp://10.0.0.1:8000", ' (the environment): must be a number, not "tcp://10.0.0.1:8000"');
  fromEnv("FLUX_PORT", "0x10", ' (the environment): must be a number, not "0x10"');
  fromEnv("FLUX_PORT", "80.5", " (the environment): must be a whole number, not 80.5");
  fromEnv("RTS_ENABLED", "yes", ' (the environment): must be true or false, not "yes"');
  fromEnv("RTS_CHUNK_BYTES", "100", " (the environment): must be a multiple of 8, not 100");
  fromEnv("SKIP_LIST", "a,b", ' (the environment): must be a list (JSON in the environment), not "a,b"');
  fromEnv("SKIP_LIST", '["a", ""]', ', entry 2 (the environment): must not be empty, not ""');
  fromEnv("SKIP_LIST", "[1]", ", entry 1 (the environment): must be text, not 1");
  fromEnv(
    "LOG_LEVEL",
    "loud",
    ' (the environment): must be one of fatal, error, warn, info, debug, trace, silent, not "loud"',
  );
  fromEnv("DROP_LABELS", '[["a","b","c"]]', ", entry 1 (the environment): must be [label, value pattern] or [label]");
  check(
    "FLUX_PORT: 1\nSKIP_LIST:\n  x: y\n",
    {},
    "cannot use SKIP_LIST (flux.yml, line 2): must be a list (JSON in the environment)",
  );
  check("\n\nFLUX_HOST: [a]\n", {}, "cannot use FLUX_HOST (flux.yml, line 3): must be text");
  check(
    undefined,
    { REDIS_KEY_PREFIX: "x".repeat(65) },
    `cannot use REDIS_KEY_PREFIX (the environment): must be at most 64 characters long, not "${"x".repeat(59)}…`,
  );
  fromEnv("FLUX_WORKERS", "129", " (the environment): must be at most 128, not 129");
  check(
    undefined,
    { FLUX_WORKERS: "4", FLUX_MAX_CONNECTIONS: "3" },
    "cannot use FLUX_MAX_CONNECTIONS: of 3 connections, not every one of 4 workers (FLUX_WORKERS) could have one",
  );
});

test("a name that does not exist is a problem, with the name that may be meant", () => {
  assert.deepEqual(problems("FLUX_PROT: 1\n"), [
    "cannot use FLUX_PROT (flux.yml, line 1): there is no setting of this name; did you mean FLUX_PORT?",
  ]);
  assert.deepEqual(problems("\nflux_port: 1\n"), [
    "cannot use flux_port (flux.yml, line 2): there is no setting of this name; did you mean FLUX_PORT?",
  ]);
  assert.deepEqual(problems("COMPLETELY_ELSE: 1\n"), [
    "cannot use COMPLETELY_ELSE (flux.yml, line 1): there is no setting of this name",
  ]);
  assert.deepEqual(problems("toString: 1\n"), [
    "cannot use toString (flux.yml, line 1): there is no setting of this name",
  ]);
});

test("all problems are listed at once", () => {
  const found = problems("FLUX_PORT: x\nFLUX_PROT: 1\nLOG_LEVEL: loud\n", {
    RTS_ENABLED: "?",
    VICTORIAMETRICS_URL: "?",
  });
  for (const name of ["FLUX_PORT", "FLUX_PROT", "LOG_LEVEL", "RTS_ENABLED", "VICTORIAMETRICS_URL"]) {
    assert.equal(found.filter((problem) => problem.startsWith(`cannot use ${name} `)).length, 1, name);
  }
  assert.equal(found.length, 5);
});

test("YAML that cannot be read is a problem with its line, beside those of the environment", () => {
  const check = (text: string, want: string) => assert.deepEqual(problems(text), [`cannot read flux.yml${want}`]);
  check("FLUX_PORT: 1\nFLUX_PORT: 2\n", ", line 2: this name is set twice");
  check("\tFLUX_PORT: 1\n", ", line 1: it is indented with a tab: use spaces");
  check("FLUX_PORT: 1\nREDIS_URL: a: b\n", ", line 2: a value with a colon must be quoted");
  check("FLUX_PORT: 1\n---\nFLUX_PORT: 1\n", ", line 2: there is more than one document, from `---` on");
  assert.ok(
    problems("a ]".repeat(1000).replaceAll("]", "]\n")).length <= 5,
    "faults that follow from others are left out",
  );
  check("- FLUX_PORT\n", ": it must be a map of names to values");
  check("FLUX_PORT\n", ": it must be a map of names to values");
  assert.deepEqual(problems("FLUX_HOST: *other\n"), [
    "cannot use FLUX_HOST (flux.yml, line 1): it refers to an anchor that is not set above it",
  ]);
  assert.equal(problems("- FLUX_PORT\n", { FLUX_PORT: "x" }).length, 2);
});

test("no problem shows a secret", () => {
  const secret = "s3cr3tHorseBattery";
  const cases: [text: string | undefined, env: Env][] = [
    [undefined, { FLUX_SELF_API_KEY: "s3cr3t" }],
    [`FLUX_SELF_API_KEY: [${secret}]\n`, {}],
    [`FLUX_SELF_API_KEY: *${secret}\n`, {}],
    [`FLUX_SELF_API_KEY: !${secret} x\n`, {}],
    [`FLUX_SELF_API_KEY: "${secret}\n`, {}],
    [`FLUX_API_KEYS:\n${secret}: team-a\n`, {}],
    [`FLUX_API_KEYS:\n  ${secret}: not a namespace\n`, {}],
    [`FLUX_API_KEYS: ${secret}\n`, {}],
    [`FLUX_API_KEYS:\n  ${secret}: team-a\n  ${secret}: team-b\n`, {}],
    [`FLUX_API_KEYS:\n  abcdefgh:\n    namespace: a\n    ${secret}: team-b\n`, {}],
    [undefined, { FLUX_API_KEYS: `{"${secret}": {"tenants": []}}` }],
    [undefined, { FLUX_API_KEYS: `{"${secret}": {"namespace": "n", "tenants": ["a"], "tenant": "b"}}` }],
    [undefined, { FLUX_API_KEYS: `{"s3cr3t": "n"}` }],
    [undefined, { FLUX_API_KEYS: `{"${secret}": ` }],
    [undefined, { FLUX_API_KEYS: `{"${secret}": "n"}`, FLUX_SELF_API_KEY: secret }],
    [undefined, { REDIS_URL: `http://:${secret}@host` }],
    [undefined, { VICTORIAMETRICS_URL: `http://user:${secret}@ho st` }],
  ];
  for (const [text, env] of cases) {
    const found = problems(text, env).join("\n");
    assert.ok(found.length > 0);
    assert.ok(!found.includes("s3cr3t"), found);
  }
});

test("an entry of FLUX_API_KEYS is named by its position", () => {
  const keys = { abcdefgh: "a", short: "b", ijklmnop: { tenants: ["t"] }, qrstuvwx: "not valid", yzabcdef: ["a"] };
  assert.deepEqual(problems(undefined, { FLUX_API_KEYS: JSON.stringify(keys) }), [
    "cannot use FLUX_API_KEYS, entry 2 (the environment): its key must be at least 8 characters long",
    "cannot use FLUX_API_KEYS, entry 3, namespace (the environment): is missing",
    "cannot use FLUX_API_KEYS, entry 4 (the environment): must be 1 to 128 characters of A-Z a-z 0-9 _ . : -",
    "cannot use FLUX_API_KEYS, entry 5 (the environment): must be a namespace, or a map with namespace, tenants, tenant, server, limits, influx, dropMetrics, doNotDropMetrics, dropLabels",
  ]);
});

test("settings that do not go together are a problem", () => {
  const check = (env: Env, want: string | undefined) => {
    const result = parseSettings(undefined, env);
    assert.deepEqual(result.ok ? undefined : result.problems, want === undefined ? undefined : [want]);
  };
  const key = (grant: object) => ({ FLUX_API_KEYS: JSON.stringify({ abcdefgh: { namespace: "n", ...grant } }) });
  check(
    key({ tenants: ["a", "b"], tenant: "c" }),
    'cannot use FLUX_API_KEYS, entry 1: its default tenant "c" is not among its tenants',
  );
  check(key({ tenants: ["a", "b"], tenant: "b" }), undefined);
  check(key({ tenants: ["*"], tenant: "c" }), undefined);
  check(key({ tenant: "c" }), undefined);
  check(
    { ...key({}), FLUX_SELF_API_KEY: "abcdefgh" },
    "cannot use FLUX_API_KEYS, entry 1: its key is FLUX_SELF_API_KEY, which may write for every tenant: give it a key of its own",
  );
  check(
    { RTS_ENABLED: "false", VICTORIAMETRICS_ENABLED: "false" },
    "cannot use RTS_ENABLED and VICTORIAMETRICS_ENABLED: both are false, so Horizon would write samples nowhere",
  );
  check(
    { FLUX_PORT: "9000", FLUX_ADMIN_PORT: "9000" },
    "cannot use FLUX_ADMIN_PORT: it is the same as FLUX_PORT, and operations need a port of their own",
  );
  check({ FLUX_PORT: "0", FLUX_ADMIN_PORT: "0" }, undefined);
  check(
    { FLUX_TLS_CERT_FILE: "cert.pem" },
    "cannot use FLUX_TLS_CERT_FILE: FLUX_TLS_KEY_FILE is not set, and TLS needs both",
  );
  check(
    { FLUX_TLS_KEY_FILE: "key.pem" },
    "cannot use FLUX_TLS_KEY_FILE: FLUX_TLS_CERT_FILE is not set, and TLS needs both",
  );
  check(
    { FLUX_TLS_CLIENT_CA_FILE: "ca.pem" },
    "cannot use FLUX_TLS_CLIENT_CA_FILE: FLUX_TLS_CERT_FILE is not set, and without TLS no client shows a certificate",
  );
  check({ FLUX_TLS_CERT_FILE: "c", FLUX_TLS_KEY_FILE: "k", FLUX_TLS_CLIENT_CA_FILE: "a" }, undefined);
});

test("a Redis is named by the URL of a host or of a socket", () => {
  const problemOf = (url: string) => {
    const result = parseSettings(undefined, { REDIS_URL: url });
    return result.ok ? undefined : result.problems.join();
  };
  for (const url of ["redis://db", "rediss://me:pw@db:1/2", "unix:///run/redis.sock", "unix:///run/r.sock?db=1"]) {
    assert.equal(problemOf(url), undefined);
  }
  assert.match(problemOf("http://db") ?? "", /must be a URL like redis:\/\/127\.0\.0\.1:6379 or unix:\/\/\/run\//);
  for (const url of ["unix://run/redis.sock", "unix:///", "unix://", "unix:///?db=1"]) {
    assert.match(problemOf(url) ?? "no problem", /behind three slashes/, url);
  }
});

test("loadSettings reads the file that FLUX_SETTINGS names", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "flux-settings-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "mine.yml");
  await writeFile(path, "FLUX_PORT: 9000\nFLUX_HOST: ::1\n");
  const loaded = await loadSettings({ FLUX_SETTINGS: path, FLUX_HOST: "localhost" });
  assert.ok(loaded.ok);
  assert.equal(loaded.settings.FLUX_PORT, 9000);
  assert.equal(loaded.settings.FLUX_HOST, "localhost");

  assert.deepEqual(await loadSettings({ FLUX_SETTINGS: `${path}.gone`, FLUX_PORT: "x" }), {
    ok: false,
    problems: [
      `cannot read ${path}.gone, which FLUX_SETTINGS names: there is no such file`,
      'cannot use FLUX_PORT (the environment): must be a number, not "x"',
    ],
  });
  assert.deepEqual(await loadSettings({ FLUX_SETTINGS: folder }), {
    ok: false,
    problems: [`cannot read ${folder}, which FLUX_SETTINGS names: it is a folder`],
  });
  assert.ok((await loadSettings({})).ok);
});

test("the example file loads, as it is and with its comments taken away", async () => {
  const text = await readFile(new URL("../../settings/flux.example.yml", import.meta.url), "utf8");
  settings(text);
  // Commented settings begin with "# NAME:"; without their mark they must load as well.
  const complete = text.replace(/^# (?=[A-Z_]+:| +(?:- |[\w-]+:))/gm, "");
  const all = settings(complete);
  assert.equal(all.REDIS_URL, "redis://127.0.0.1:6379");
  assert.ok(Object.keys(all.FLUX_API_KEYS).length > 0);
});

test("settings that differ and cannot be reloaded need a restart", () => {
  const before = settings("FLUX_PORT: 8000\nSKIP_LIST: [a]\nDROP_LABELS: []\n");
  assert.deepEqual(settingsThatNeedRestart(before, settings("FLUX_PORT: 8000\nSKIP_LIST: [b]\n")), []);
  assert.deepEqual(settingsThatNeedRestart(before, settings("REDIS_URL: redis://a\nFLUX_PORT: 1\nLOG_LEVEL: warn\n")), [
    "FLUX_PORT",
    "REDIS_URL",
  ]);
});

test("what makes ports, connections and tables is not reloadable; keys, rules and the log level are", () => {
  const isFixed = (name: string) => /(_HOST|_PORT|_URLS?|_KEY_PREFIX|_SHARDS|_TABLE_SIZE|_WORKERS|_DIR)$/.test(name);
  const isFree = (name: string) =>
    /^(DROP_|DO_NOT_|SKIP_LIST|RULES_|LOG_LEVEL|INFLUX_|FLUX_(SELF_API_KEY|API_KEYS|TENANTS))/.test(name);
  for (const name of SETTING_NAMES) {
    assert.ok(!(isFixed(name) && RELOADABLE_SETTINGS.has(name)), name);
    assert.ok(!isFree(name) || RELOADABLE_SETTINGS.has(name), name);
  }
});
