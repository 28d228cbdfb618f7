import type { Redis } from "ioredis";
import type { Settings } from "../../settings/schema.ts";
import { listQuotaSeries, removeQuotaSeries } from "../flux/quota-series.ts";
import { createSeriesHasher } from "../shared/series-id.ts";
import { readBufferSettings } from "./buffer-settings.ts";
import { type Command, type CommandIo, EXIT_FOUND, EXIT_OK, failWith } from "./command.ts";
import { printable } from "./printable.ts";
import { parseQuotaOptions, QUOTA_USAGE, type QuotaRequest } from "./quota-options.ts";
import { withRedis } from "./with-redis.ts";

/** `flux quota`: the series that have a place in the quota of a namespace. */
export const quotaCommand: Command = {
  name: "quota",
  summary: "series that have a place in a namespace's quota: list them, take places away",
  usage: QUOTA_USAGE,
  run,
};

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseQuotaOptions(args);
  if (!parsed.ok) {
    return failWith(io, "quota", parsed.problems);
  }
  const { redisUrl, request } = parsed.options;
  const found = await readBufferSettings(io.env, redisUrl);
  if (!found.ok) {
    return failWith(io, "quota", found.problems);
  }
  const { settings, url } = found;
  return withRedis(url, "flux-quota", (redis) =>
    request.action === "list" ? list(redis, settings, request, io) : remove(redis, settings, request, io),
  );
}

async function list(
  redis: Redis,
  { REDIS_KEY_PREFIX, FLUX_NAMESPACE_QUOTAS }: Settings,
  { namespace, json }: QuotaRequest & { readonly action: "list" },
  { stdout }: CommandIo,
): Promise<number> {
  const series = await listQuotaSeries(redis, REDIS_KEY_PREFIX, namespace);
  const quota = new Map(Object.entries(FLUX_NAMESPACE_QUOTAS)).get(namespace);
  if (json) {
    stdout.write(`${JSON.stringify({ namespace, quota: quota ?? null, series }, undefined, 2)}\n`);
    return EXIT_OK;
  }
  printNames(stdout, series);
  const whole = quota === undefined ? "it has no quota now" : `its quota is ${quota}`;
  stdout.write(`${series.length} series have a place in the quota of ${printable(namespace)}; ${whole}\n`);
  return EXIT_OK;
}

async function remove(
  redis: Redis,
  settings: Settings,
  { namespace, names, patterns, dryRun }: QuotaRequest & { readonly action: "remove" },
  io: CommandIo,
): Promise<number> {
  const { RULES_MAX_PATTERNS, RULES_MAX_PATTERN_BYTES, REDIS_KEY_PREFIX, HORIZON_SHARDS } = settings;
  const removal = await removeQuotaSeries(
    redis,
    { namespace, names, patterns },
    {
      keyPrefix: REDIS_KEY_PREFIX,
      shards: HORIZON_SHARDS,
      hasher: await createSeriesHasher(),
      patternLimits: { maxPatterns: RULES_MAX_PATTERNS, maxPatternBytes: RULES_MAX_PATTERN_BYTES },
      dryRun,
    },
  );
  if (!removal.ok) {
    return failWith(io, "quota", [removal.detail]);
  }
  const { removed } = removal;
  printNames(io.stdout, removed);
  const verb = dryRun ? "would remove" : "removed";
  io.stdout.write(`${verb} ${removed.length} series from the quota of ${printable(namespace)}\n`);
  const missing = names.filter((name) => !removed.includes(name));
  failWith(
    io,
    "quota",
    missing.map((name) => `cannot remove ${printable(name)}: it has no place in this quota`),
  );
  return missing.length > 0 || removed.length === 0 ? EXIT_FOUND : EXIT_OK;
}

function printNames(stdout: CommandIo["stdout"], names: readonly string[]): void {
  for (const name of names) {
    stdout.write(`${printable(name)}\n`);
  }
}
