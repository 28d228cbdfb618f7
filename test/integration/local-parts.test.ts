import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { LocalProblem } from "../../services/local/local-problem.ts";
import { GO_PROGRAMS, type PartName } from "../../services/local/parts/catalogue.ts";
import { ensurePart } from "../../services/local/parts/ensure-part.ts";
import { createTempFolder } from "../support/temp-folder.ts";

/** A machine of our own making: a PATH that holds only what a test puts there, and an empty folder for parts. */
function setUp(t: TestContext) {
  const folder = createTempFolder();
  t.after(folder.remove);
  const bin = join(folder.path, "bin");
  const partsDir = join(folder.path, "parts");
  mkdirSync(bin);
  const lines: string[] = [];
  const options = { partsDir, env: { PATH: bin }, log: (line: string) => lines.push(line) };
  const addScript = (path: string, script: string) => {
    writeFileSync(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
    chmodSync(path, 0o755);
  };
  // What runs every command; on a real machine it lies beside the others.
  symlinkSync("/usr/bin/setpriv", join(bin, "setpriv"));
  return {
    folder: folder.path,
    bin,
    partsDir,
    lines,
    addScript,
    addCommand: (name: string, script: string) => addScript(join(bin, name), script),
    get: (name: PartName) => ensurePart(name, options),
  };
}

/** A Debian package with a node_exporter that only tells its version. Gives the path of the archive. */
function buildPackage({ folder, addScript }: ReturnType<typeof setUp>): string {
  const root = join(folder, "package");
  mkdirSync(join(root, "DEBIAN"), { recursive: true });
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  mkdirSync(join(root, "usr/share/doc"), { recursive: true });
  const control =
    "Package: prometheus-node-exporter\nVersion: 9.8.7-1\nArchitecture: all\nMaintainer: x\nDescription: x\n";
  writeFileSync(join(root, "DEBIAN/control"), control);
  addScript(join(root, "usr/bin/prometheus-node-exporter"), "echo version 9.8.7");
  const archive = join(folder, "prometheus-node-exporter_9.8.7-1_all.deb");
  execFileSync("/usr/bin/dpkg-deb", ["--build", root, archive], { env: { PATH: "/usr/bin:/bin" } });
  return archive;
}

test("a program that is on PATH is used, and nothing is fetched", async (t) => {
  const machine = setUp(t);
  machine.addCommand("victoria-metrics-prod", "echo victoria-metrics-20220718-tags-v1.79.5-0-g1");
  const part = await machine.get("victoria-metrics");
  assert.deepEqual(part, { program: join(machine.bin, "victoria-metrics-prod"), version: "1.79.5-0-g1" });
  assert.deepEqual(machine.lines, []);
});

test("a redis-stack-server on PATH is used where its module lies beside it", async (t) => {
  const machine = setUp(t);
  const root = join(machine.folder, "stack");
  mkdirSync(join(root, "bin"), { recursive: true });
  mkdirSync(join(root, "lib"));
  machine.addScript(join(root, "bin/redis-stack-server"), "exit 1");
  machine.addScript(join(root, "bin/redis-server"), "echo Redis server v=7.2.4 sha=0");
  writeFileSync(join(root, "lib/redistimeseries.so"), "");
  symlinkSync(join(root, "bin/redis-stack-server"), join(machine.bin, "redis-stack-server"));
  assert.deepEqual(await machine.get("redis"), {
    program: join(root, "bin/redis-server"),
    timeSeriesModule: join(root, "lib/redistimeseries.so"),
    version: "7.2.4",
  });
});

test("a package is unpacked without root, by several at once, and kept with its version", async (t) => {
  const machine = setUp(t);
  const archive = buildPackage(machine);
  symlinkSync("/usr/bin/dpkg-deb", join(machine.bin, "dpkg-deb"));
  symlinkSync("/usr/bin/tar", join(machine.bin, "tar"));
  machine.addCommand("apt-get", `echo fetched >> ${machine.folder}/calls; cp ${archive} .`);
  const parts = await Promise.all([1, 2, 3].map(() => machine.get("node-exporter")));
  const program = join(machine.partsDir, "prometheus-node-exporter/usr/bin/prometheus-node-exporter");
  assert.deepEqual(parts, Array(3).fill({ program, version: "9.8.7-1" }));
  assert.deepEqual(readdirSync(machine.partsDir), ["prometheus-node-exporter"]);
  assert.deepEqual(readdirSync(join(machine.partsDir, "prometheus-node-exporter/usr")), ["bin"]);
  const linesBefore = machine.lines.length;
  assert.match(machine.lines[0] ?? "", /^Getting node_exporter \(4 MB\)/);
  await machine.get("node-exporter");
  assert.equal(machine.lines.length, linesBefore);
});

test("lists are fetched for this one purpose where the system has none", async (t) => {
  const machine = setUp(t);
  const archive = buildPackage(machine);
  symlinkSync("/usr/bin/dpkg-deb", join(machine.bin, "dpkg-deb"));
  symlinkSync("/usr/bin/tar", join(machine.bin, "tar"));
  const script = `case "$*" in
    *update*Dir::State=*) mkdir -p lists-are-there;;
    *download*Dir::State=*) test -d lists-are-there && cp ${archive} .;;
    *) echo "E: Unable to locate package" >&2; exit 100;; esac`;
  machine.addCommand("apt-get", script);
  assert.equal((await machine.get("node-exporter")).version, "9.8.7-1");
  assert.deepEqual(readdirSync(machine.partsDir), ["prometheus-node-exporter"]);
});

/** A `go` that has this to tell of the module, and writes down what it is called with. */
function addGo(machine: ReturnType<typeof setUp>, module: object, compile = 'echo program > "$4"'): void {
  const json = JSON.stringify({ Dir: machine.folder, Zip: join(machine.folder, "module.zip"), ...module });
  writeFileSync(join(machine.folder, "module.zip"), "source");
  machine.addCommand(
    "go",
    `echo "$GOWORK $CGO_ENABLED $*" >> ${machine.folder}/calls
    case "$1" in mod) printf %s '${json}'; ${"Error" in module ? "exit 1" : ""};; build) ${compile};; esac`,
  );
}

const ADAPTER = GO_PROGRAMS["remote-storage-adapter"];

test("a Go program is compiled once from the pinned module, whatever workspace the user is in", async (t) => {
  const machine = setUp(t);
  addGo(machine, { Sum: ADAPTER.sum });
  const first = await machine.get("remote-storage-adapter");
  const folder = join(machine.partsDir, ADAPTER.folder);
  assert.deepEqual(first, { program: join(folder, "remote_storage_adapter"), version: ADAPTER.moduleVersion });
  assert.equal(readFileSync(first.program, "utf8"), "program\n");
  assert.deepEqual(await machine.get("remote-storage-adapter"), first);
  const [download = "", build = "", ...others] = readFileSync(join(machine.folder, "calls"), "utf8").trim().split("\n");
  assert.equal(download, `off 0 mod download -json ${ADAPTER.module}@${ADAPTER.moduleVersion}`);
  assert.match(build, /^off 0 build -trimpath -o .*\/remote_storage_adapter \.\/documentation\/examples\//);
  assert.deepEqual(others, []);
  assert.match(machine.lines[0] ?? "", /^Compiling remote_storage_adapter .* with Go/);
});

test("a Go program that cannot be had leaves nothing behind, and the reason is a sentence", async (t) => {
  const check = async (want: RegExp, ...go: [module: object, compile?: string] | []) => {
    const machine = setUp(t);
    const [module, compile] = go;
    if (module) {
      addGo(machine, module, compile);
    }
    await assert.rejects(machine.get("remote-storage-adapter"), (error) => {
      assert.ok(error instanceof LocalProblem, String(error));
      assert.match(error.message, want);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
    assert.deepEqual(go.length === 0 ? [] : readdirSync(machine.partsDir), []);
  };
  await check(/^cannot get remote_storage_adapter of .*: the command go is missing: install Go 1\.17 or newer/);
  await check(/: go cannot download its source: no such host: check the network/, { Error: "no such host\nmore" });
  await check(/: its source has the checksum h1:other=, not h1:.*: check GOPROXY$/, { Sum: "h1:other=" });
  await check(/: go cannot compile it: undefined: x$/, { Sum: ADAPTER.sum }, 'echo "undefined: x" >&2; exit 1');
});

test("what is missing on a machine is said in a sentence that names the way out", async (t) => {
  const check = async (name: PartName, commands: Record<string, string>, want: RegExp) => {
    const machine = setUp(t);
    for (const [command, script] of Object.entries(commands)) {
      machine.addCommand(command, script);
    }
    await assert.rejects(machine.get(name), (error) => {
      assert.ok(error instanceof LocalProblem, String(error));
      assert.match(error.message, want);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  };
  const ownRedis = "set REDIS_URL to a Redis Stack of your own, or run the system with `docker compose up`$";
  const ownStore = "set VICTORIAMETRICS_URL to a server of your own, or run the system with `docker compose up`$";
  const fails = (message: string) => `echo "${message}" >&2; exit 1`;
  const noDpkg = { "dpkg-deb": "exit 1" };
  await check("redis", {}, RegExp(`^cannot get Redis Stack: the command python3 is missing: .*${ownRedis}`));
  await check(
    "redis",
    { python3: fails("/usr/bin/python3: No module named pip") },
    RegExp(`python3 has no pip: install python3-pip; or ${ownRedis}`),
  );
  await check(
    "redis",
    { python3: fails("ERROR: No matching distribution found") },
    RegExp(`pip failed: No matching distribution found: check the network and try again; or ${ownRedis}`),
  );
  await check(
    "victoria-metrics",
    {},
    /^cannot get VictoriaMetrics: the command apt-get is missing: .*elsewhere, set VICTORIAMETRICS_URL/,
  );
  await check(
    "victoria-metrics",
    {
      ...noDpkg,
      "apt-get": 'case "$*" in *update*) exit 0;; esac; echo "E: Unable to locate package x" >&2; exit 100',
    },
    RegExp(`have no package victoria-metrics: on Ubuntu, enable the universe repository; or ${ownStore}`),
  );
  await check(
    "victoria-metrics",
    { ...noDpkg, "apt-get": fails("E: Could not resolve 'deb.debian.org'") },
    RegExp(`Could not resolve 'deb.debian.org': check the network and try again; or ${ownStore}`),
  );
  await check(
    "prometheus",
    { ...noDpkg, "apt-get": "touch x.deb" },
    /^cannot get Prometheus: cannot unpack it: .*: put prometheus on PATH$/,
  );
});
