import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { createTempFolder } from "../support/temp-folder.ts";
import { writeRequestBody } from "../support/write-request.ts";
import { runFlux } from "./support/run.ts";

const folder = createTempFolder();
after(() => folder.remove());

function file(name: string, content: string | Buffer): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

const OWNER = '_tenant_id="acme",_server_id="s1"';
const SENDER = ["--tenant", "acme", "--server", "s1"];
const check = (stdin: string, ...args: string[]) => runFlux(["check-rules", ...SENDER, ...args], { stdin });

/** What `--json` says of each series. */
async function verdicts(stdin: string, args: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runFlux(["check-rules", ...SENDER, "--json", ...args], { stdin, env });
  assert.notEqual(code, 2, stderr);
  return JSON.parse(stdout);
}

describe("flux check-rules", () => {
  test("prints for every series what becomes of it, and why", async () => {
    const names = 'go_gc 1\ngo_threads{pod="a"}\nup{pod="a"}\nup{pod="b"}\nacme_x\nbad{\n';
    const rules = ["--drop-metrics", "^go_", "--do-not-drop-metrics", "threads", "--drop-labels", "pod"];
    const env = { SKIP_LIST: '["acme_", "acme.up"]', DO_NOT_SKIP_LIST: '["up{"]' };
    const { code, stdout, stderr } = await runFlux(["check-rules", ...SENDER, ...rules], { stdin: names, env });
    assert.equal(stderr, "");
    assert.equal(code, 1);
    assert.equal(
      stdout,
      `drop    go_gc{${OWNER}}
          by "^go_" in dropMetrics of the headers
keep    go_threads{${OWNER}}
          without pod="a": ["pod"] in dropLabels of the headers
          kept by "threads" in doNotDropMetrics of the headers, against "^go_" in dropMetrics of the headers
keep    up{${OWNER}}
          without pod="a": ["pod"] in dropLabels of the headers
          kept by "up{" in DO_NOT_SKIP_LIST, against "acme.up" in SKIP_LIST
keep    up{${OWNER}}
          without pod="b": ["pod"] in dropLabels of the headers
          the same as up{pod="a"}: their samples mix
          kept by "up{" in DO_NOT_SKIP_LIST, against "acme.up" in SKIP_LIST
skip    acme_x{${OWNER}}
          by "acme_" in SKIP_LIST
refuse  line 6
          unreadable: expected the name of a label or } at character 5, found the end of the text

3 kept, 1 skipped by Horizon, 1 dropped, 1 refused; 1 became the same as another
`,
    );
  });

  test("says of skip lists whether they are the tenant's", async () => {
    const env = {
      SKIP_LIST: '["up"]',
      FLUX_TENANTS:
        '{ "acme": { "skipList": ["^rare"], "doNotSkipList": ["kept"] }, "other": { "skipList": ["fine"] } }',
    };
    const { stdout } = await runFlux(["check-rules", ...SENDER], { stdin: "up\nup_kept\nrare\nfine", env });
    assert.equal(
      stdout,
      `skip    up{${OWNER}}
          by "up" in SKIP_LIST
keep    up_kept{${OWNER}}
          kept by "kept" in doNotSkipList of the tenant's settings, against "up" in SKIP_LIST
skip    rare{${OWNER}}
          by "^rare" in skipList of the tenant's settings
keep    fine{${OWNER}}

2 kept, 2 skipped by Horizon, 0 dropped, 0 refused
`,
    );
  });

  test("shows no control character of a name as it is", async () => {
    const { stdout } = await check('up{a="\u001b[2J"}');
    assert.equal(stdout.split("\n")[0], `keep    up{${OWNER},a="\\x1b[2J"}`);
  });

  const codes: [what: string, stdin: string, args: string[], code: number][] = [
    ["every series is kept", "up\ndown", [], 0],
    ["there is none", "", [], 0],
    ["a label is taken away", 'up{pod="a"}', ["--drop-labels", "pod"], 0],
    ["one is dropped", "up\ndown", ["--drop-metrics", "down"], 1],
    ["one is refused", "up\n{", [], 1],
    ["two become one", 'up{pod="a"}\nup', ["--drop-labels", "pod"], 1],
    ["a rule does not compile", "up", ["--drop-metrics", "("], 2],
    ["a tenant may not be called so", "up", ["--tenant", "a b"], 2],
    ["a key is not there", "up", ["--key-entry", "1"], 2],
    ["a key is no number", "up", ["--key-entry", "one"], 2],
    ["names and a body are given", "up", ["--body", "x", "y"], 2],
    ["settings are given and not wanted", "up", ["--settings", "x", "--no-settings"], 2],
  ];
  for (const [what, stdin, args, want] of codes) {
    test(`ends with ${want} when ${what}`, async () => {
      const { code, stderr, stdout } = await check(stdin, ...args);
      assert.equal(code, want, stderr);
      assert.equal(stderr !== "", want === 2);
      assert.equal(stdout !== "", want !== 2);
    });
  }

  test("applies the rules of the settings, of the tenant, of the key, of a file and of headers", async () => {
    const settings = file(
      "flux.yml",
      `DROP_METRICS: [by_settings]
DROP_LABELS: [[region]]
FLUX_TENANTS: { acme: { dropMetrics: [by_tenant] }, other: { dropMetrics: [up] } }
FLUX_API_KEYS:
  key-number-one: other
  key-number-two: { namespace: ns, tenants: [acme], server: s9, dropMetrics: [by_key], dropLabels: [[pod]] }
SKIP_LIST: [ns.by_skip]
`,
    );
    const rules = file("rules.yml", "dropMetrics: [by_file]");
    const names = 'by_settings\nby_tenant\nby_key\nby_file\nby_headers\nby_skip\nup{pod="a",region="b"}';
    const args = ["--settings", settings, "--rules", rules, "--drop-metrics", "by_headers", "--key-entry", "2"];
    const { series } = await verdicts(names, args);
    assert.deepEqual(
      series.slice(0, 5).map(({ rule }: { rule: { origin: string; pattern: string } }) => [rule.origin, rule.pattern]),
      ["settings", "tenant", "key", "file", "headers"].map((origin) => [origin, `by_${origin}`]),
    );
    assert.deepEqual(series[5].skipped_by, { list: "SKIP_LIST", pattern: "ns.by_skip" });
    assert.equal(series[6].name, `up{${OWNER}}`);
    assert.deepEqual(
      series[6].dropped_labels.map(({ name, rule }: { name: string; rule: { origin: string } }) => [name, rule.origin]),
      [
        ["pod", "key"],
        ["region", "settings"],
      ],
    );

    const without = await verdicts(names, ["--settings", settings]);
    assert.deepEqual(without.summary, { kept: 5, merged: 0, skipped: 0, dropped: 2, refused: 0 });
    const elsewhere = await verdicts(names, ["--settings", settings, "--namespace", "ns"]);
    assert.equal(elsewhere.summary.skipped, 1);
  });

  test("takes tenant, server and namespace of a key where they are not given", async () => {
    const env = { FLUX_API_KEYS: '{"key-number-one": {"namespace": "ns", "tenant": "t9", "server": "s9"}}' };
    const run = (...args: string[]) => runFlux(["check-rules", "--key-entry", "1", ...args], { stdin: "up", env });
    assert.match((await run()).stdout, /^keep +up\{_tenant_id="t9",_server_id="s9"\}/);
    const { code, stderr } = await run("--tenant", "acme");
    assert.deepEqual(
      [code, stderr],
      [2, "flux check-rules: --key-entry 1: this key may not write for the tenant acme\n"],
    );
  });

  test("finds the settings where the services find them, and leaves them out on demand", async () => {
    const env = { FLUX_SETTINGS: file("env.yml", "DROP_METRICS: [up]") };
    assert.equal((await verdicts("up", [], env)).summary.dropped, 1);
    assert.equal((await verdicts("up", ["--no-settings"], env)).summary.dropped, 0);
    const monitor = await verdicts('up{monitor="master"}', ["--no-settings"], env);
    assert.deepEqual(monitor.series[0].dropped_labels, []);
  });

  test("names every fault of the settings", async () => {
    const env = { DROP_METRICS: '["("]', SKIP_LIST: '["["]' };
    const { code, stderr } = await runFlux(["check-rules"], { stdin: "up", env });
    assert.equal(code, 2);
    assert.match(stderr, /cannot use the setting DROP_METRICS: .*\n.*cannot use SKIP_LIST: /);
  });
});

describe("flux check-rules --body", () => {
  const specs = [
    {
      labels: { __name__: "up", job: "a" },
      samples: [
        { timestampMs: 1, value: 1 },
        { timestampMs: 2, value: 1 },
      ],
    },
    { labels: { __name__: "down" }, samples: [{ timestampMs: 1, value: 1 }] },
    { labels: { job: "nameless" }, samples: [{ timestampMs: 1, value: 1 }] },
  ];
  const json = JSON.stringify({
    key: "whatever",
    metrics: [{ metric: "up", timestamp: 1, value: 1 }, { metric: "{}" }],
  });
  const bodies: [what: string, body: string | Buffer, args: string[], kept: string[], refused: string[]][] = [
    [
      "remote-write",
      writeRequestBody(specs),
      ["--drop-metrics", "down"],
      [`up{${OWNER},job="a"}`],
      ["missing_metric_name"],
    ],
    [
      "JSON",
      gzipSync(json),
      ["--content-type", "application/json", "--content-encoding", "gzip"],
      [`up{${OWNER}}`],
      ["unreadable"],
    ],
    [
      "line protocol",
      "cpu,host=a value=1 1\nmem value=1\nbad",
      ["--url", "/write?precision=s&dropMetrics=mem"],
      [`cpu{${OWNER},host="a"}`],
      ["unreadable"],
    ],
  ];
  for (const [what, body, args, kept, refused] of bodies) {
    test(`reads a captured request as ${what}, rules in its URL included, however old`, async () => {
      const env = { FLUX_PROMETHEUS_MAX_AGE: "60" };
      const checked = await verdicts("", ["--body", file("body", body), ...args], env);
      const names = checked.series.filter(({ verdict }: { verdict: string }) => verdict === "keep");
      assert.deepEqual(
        names.map(({ name }: { name: string }) => name),
        kept,
      );
      assert.deepEqual(
        checked.refused.map(({ reason }: { reason: string }) => reason),
        refused,
      );
    });
  }

  test("reads the body from standard input where its name is -", async () => {
    const body = '{"metrics":[{"metric":"up","timestamp":1,"value":1}]}';
    const { code, stdout } = await check(body, "--body", "-", "--content-type", "application/json");
    assert.equal(code, 0);
    assert.match(stdout, /^keep +up\{_tenant_id="acme",_server_id="s1"\}$/m);
  });

  test("says what Flux would say of a body that it cannot read", async () => {
    const { code, stderr } = await check("", "--body", file("body", "nonsense"));
    assert.equal(code, 2);
    assert.match(stderr, /^flux check-rules: Flux would refuse the body: malformed_snappy: /);
    const typed = await check("", "--body", file("body", "x"), "--content-type", "image/png");
    assert.match(typed.stderr, /unsupported_type: .*image\/png/);
  });
});
