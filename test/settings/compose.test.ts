import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { FLUX_NODE_OPTIONS } from "../../services/flux/node-options.ts";
import { HORIZON_NODE_OPTIONS } from "../../services/horizon/node-options.ts";
import { parseSettings } from "../../settings/load.ts";
import { isSettingName } from "../../settings/value-kind.ts";

/*
 * docker-compose.yml and the Dockerfile cannot be run where there is no Docker engine. What can be seen by reading is
 * tested here.
 */

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

const serviceSchema = z.object({
  image: z.string(),
  build: z.object({ context: z.string(), dockerfile: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()).min(2) }),
  restart: z.string(),
});
const composeSchema = z.object({
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(z.string(), z.null()),
});

const composeText = await read("docker-compose.yml");
const compose = composeSchema.parse(parse(composeText, { merge: true }));
const dockerfile = await read("services/Dockerfile");

function service(name: string): z.infer<typeof serviceSchema> {
  const found = compose.services[name];
  assert.ok(found, `there is no service ${name}`);
  return found;
}

/** The environment of a service where the person who starts it has set `given`. */
function environment(name: string, given: Record<string, string> = {}): Record<string, string> {
  const entries = Object.entries(service(name).environment).map(([variable, text]) => {
    const value = text.replace(/\$\{([A-Z_]+):([-?])([^}]*)\}/g, (_, outer: string, kind: string, word: string) => {
      assert.ok(given[outer] !== undefined || kind === "-", `${outer} is required: ${word}`);
      return given[outer] ?? word;
    });
    return [variable, value];
  });
  return Object.fromEntries(entries);
}

test("the services are those of the system, and the demonstration is a profile", () => {
  const names = (profile: boolean) =>
    Object.keys(compose.services).filter((name) => service(name).profiles.includes("demo") === profile);
  assert.deepEqual(names(false).sort(), ["flux", "horizon", "redis", "victoriametrics"]);
  assert.deepEqual(names(true).sort(), ["node-exporter", "prometheus"]);
});

test("images are pinned to a version", () => {
  for (const [name, { image, build }] of Object.entries(compose.services)) {
    assert.ok(build || /:v?\d+\.\d+\.\d+/.test(image), `${name}: ${image}`);
  }
});

test("every service starts after what it needs is healthy", () => {
  for (const [name, { depends_on: needs }] of Object.entries(compose.services)) {
    for (const [need, { condition }] of Object.entries(needs)) {
      service(need);
      assert.equal(condition, "service_healthy", name);
    }
  }
  assert.deepEqual(Object.keys(service("horizon").depends_on).sort(), ["redis", "victoriametrics"]);
  assert.deepEqual(Object.keys(service("flux").depends_on), ["redis"]);
});

test("every variable of our services is a setting, and their values load", () => {
  for (const name of ["flux", "horizon"]) {
    for (const variable of Object.keys(service(name).environment)) {
      assert.ok(isSettingName(variable), variable);
    }
    const loaded = parseSettings(undefined, environment(name, { FLUX_SELF_API_KEY: "long-enough" }));
    assert.ok(loaded.ok, loaded.ok ? "" : loaded.problems.join("\n"));
    assert.equal(loaded.settings.REDIS_URL, "redis://redis:6379");
  }
  for (const [, variable = ""] of composeText.matchAll(/\b((?:FLUX|HORIZON)_[A-Z_]+)\b/g)) {
    assert.ok(isSettingName(variable), variable);
  }
});

test("Flux does not start without a key, and Horizon, which is read from with it, has the same", () => {
  for (const name of ["flux", "horizon"]) {
    assert.throws(() => environment(name), /FLUX_SELF_API_KEY is required/);
  }
  for (const variable of ["FLUX_SELF_API_KEY", "FLUX_API_KEYS"]) {
    assert.equal(service("horizon").environment[variable], service("flux").environment[variable]);
  }
});

test("health checks ask the port that the service listens on", () => {
  const check = (name: string, port: string | undefined, path: string) =>
    assert.ok(service(name).healthcheck.test.join(" ").includes(`http://127.0.0.1:${port}${path}`), name);
  check("flux", environment("flux", { FLUX_SELF_API_KEY: "x" })["FLUX_ADMIN_PORT"], "/-/healthy");
  check("horizon", environment("horizon", { FLUX_SELF_API_KEY: "x" })["HORIZON_ADMIN_PORT"], "/-/healthy");
  check("victoriametrics", "8428", "/health");
  check("prometheus", "9090", "/-/healthy");
});

test("Redis keeps what it confirmed, on a volume", () => {
  const args = service("redis").environment["REDIS_ARGS"] ?? "";
  for (const wanted of ["--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"]) {
    assert.ok(args.includes(wanted), wanted);
  }
  assert.ok(service("redis").volumes.includes("redis-data:/data"));
});

test("VictoriaMetrics removes repetitions, takes what Flux lets through, and has a volume", () => {
  const flags = service("victoriametrics").command ?? [];
  const number = (flag: string) => Number(flags.find((word) => word.startsWith(`${flag}=`))?.split("=")[1]);
  const limits = parseSettings(undefined, {});
  assert.ok(limits.ok);
  assert.ok(flags.includes("-dedup.minScrapeInterval=1ms"));
  assert.ok(number("-maxLabelsPerTimeseries") >= limits.settings.FLUX_MAX_LABELS_PER_SERIES + 2);
  assert.ok(number("-maxLabelValueLen") >= limits.settings.FLUX_MAX_LABEL_VALUE_BYTES);
  assert.ok(flags.includes("-storageDataPath=/storage"));
  assert.ok(service("victoriametrics").volumes.includes("victoriametrics-data:/storage"));
});

test("volumes that services name are declared", () => {
  const used = Object.values(compose.services).flatMap(({ volumes }) => volumes.map((volume) => volume.split(":")[0]));
  const named = used.filter((source) => source !== undefined && !source.startsWith("."));
  assert.deepEqual([...new Set(named)].sort(), Object.keys(compose.volumes).sort());
});

test("only the intake is published, and only to this machine unless asked", () => {
  for (const [name, { ports }] of Object.entries(compose.services)) {
    assert.equal(ports.length, name === "flux" ? 1 : 0, name);
  }
  assert.match(service("flux").ports[0] ?? "", /^\$\{INTAKE_ADDRESS:-127\.0\.0\.1\}:\$\{FLUX_PORT:-8000\}:8000$/);
});

test("the demonstration's Prometheus writes to Flux, with the key from where compose puts it", async () => {
  const configSchema = z.object({
    scrape_configs: z.array(z.object({ static_configs: z.array(z.object({ targets: z.array(z.string()) })) })),
    remote_write: z.tuple([
      z.object({
        url: z.literal("http://flux:8000/prometheus/write"),
        headers: z.object({ "x-tenant-id": z.string(), "x-server-id": z.string() }),
        authorization: z.object({ credentials_file: z.string() }),
      }),
    ]),
  });
  const config = configSchema.parse(parse(await read("settings/compose-prometheus.yml")));
  const command = service("prometheus").command?.join(" ") ?? "";
  assert.ok(command.includes(`> ${config.remote_write[0].authorization.credentials_file} `));
  const hosts = config.scrape_configs.flatMap((job) => job.static_configs.flatMap(({ targets }) => targets));
  for (const host of hosts.filter((target) => !target.startsWith("localhost:"))) {
    service(host.split(":")[0] ?? "");
  }
  const [source = "", target = ""] = service("prometheus").volumes[0]?.split(":") ?? [];
  await read(source);
  assert.ok(command.includes(`--config.file=${target}`));
});

test("the image runs as somebody who is not root, and says when it is healthy", () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
  assert.match(last, /^USER node$/m);
  assert.ok(last.indexOf("USER node") < last.indexOf("ENTRYPOINT"));
  assert.match(last, /^HEALTHCHECK .*\/-\/healthy/m);
  assert.match(dockerfile, /^RUN npm ci$/m);
  assert.match(dockerfile, /npm prune --omit=dev/);
});

test("the build copies only what the build context holds", async () => {
  const ignore = (await read(".dockerignore")).split("\n");
  const copied = dockerfile.split("\n").filter((line) => line.startsWith("COPY ") && !line.includes("--from="));
  const sources = copied.flatMap((line) => line.split(/\s+/).slice(1, -1));
  assert.ok(sources.length > 4);
  for (const source of sources) {
    assert.ok(ignore.includes(`!${source.replace(/^\.\//, "")}`), source);
  }
  assert.ok(ignore.includes("*"));
});

test("each service's command is a file that the build makes from a source that exists", async () => {
  for (const name of ["flux", "horizon"]) {
    const options = name === "flux" ? FLUX_NODE_OPTIONS : HORIZON_NODE_OPTIONS;
    assert.deepEqual(service(name).command, [...options, `dist/services/${name}/main.js`]);
    assert.deepEqual(service(name).build, { context: ".", dockerfile: "services/Dockerfile" });
    await read(`services/${name}/main.ts`);
  }
});
