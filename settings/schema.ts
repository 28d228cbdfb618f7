import { z } from "zod";

/*
 * Every setting: its name, type, bounds and default. The names are those of the settings file and of the environment
 * alike, and keep Skyline's where Skyline has one. docs/settings.md says what each is for.
 */

/** What tenants, servers and namespaces may be called (DESIGN 5.2). */
export const IDENTIFIER = /^[A-Za-z0-9_.:-]{1,128}$/;

const identifier = z.string().regex(IDENTIFIER, "must be 1 to 128 characters of A-Z a-z 0-9 _ . : -");
const port = z.int().min(0).max(65_535);
const positiveInt = z.int().min(1);
const url = (protocols: RegExp, example: string) =>
  z.url({ protocol: protocols, error: `must be a URL like ${example}` });
const redisUrl = url(/^rediss?$/, "redis://127.0.0.1:6379");
const httpUrl = url(/^https?$/, "http://127.0.0.1:8428");
const apiKey = z.string().min(8, "must be at least 8 characters long");

/** `[label, value pattern]`, or `[label]` to drop the label whatever its value. */
const labelRule = z.union(
  [z.tuple([z.string().min(1), z.string()]), z.tuple([z.string().min(1)])],
  "must be [label, value pattern] or [label]",
);

/** The long form of an entry of FLUX_API_KEYS. */
const keyGrant = z.strictObject({
  namespace: identifier,
  tenants: z
    .array(z.union([z.literal("*"), identifier]))
    .min(1)
    .optional(),
  tenant: identifier.optional(),
  server: identifier.optional(),
});

/** An entry of FLUX_API_KEYS: the namespace alone, or the long form. */
const keyEntry = z.union(
  [identifier, keyGrant],
  "must be a namespace, or a map with namespace, tenants, tenant, server",
);

export const settingsSchema = z.strictObject({
  FLUX_HOST: z.string().min(1).default("127.0.0.1"),
  FLUX_PORT: port.default(8000),
  FLUX_ADMIN_HOST: z.string().min(1).default("127.0.0.1"),
  FLUX_ADMIN_PORT: port.default(8001),
  FLUX_WORKERS: z
    .int()
    .min(1)
    .max(1, "more than one worker is not supported yet: run more Flux processes instead")
    .default(1),
  FLUX_SELF_API_KEY: apiKey.optional(),
  FLUX_API_KEYS: z.record(apiKey, keyEntry).default({}),
  FLUX_MAX_BODY_BYTES: positiveInt.default(16 * 1024 * 1024),
  FLUX_MAX_UNCOMPRESSED_BYTES: positiveInt.default(64 * 1024 * 1024),
  FLUX_MAX_LABELS_PER_SERIES: positiveInt.default(40),
  FLUX_MAX_LABEL_NAME_BYTES: positiveInt.default(256),
  FLUX_MAX_LABEL_VALUE_BYTES: positiveInt.default(4096),
  FLUX_MAX_SERIES_BYTES: positiveInt.default(16 * 1024),
  FLUX_SERIES_TABLE_SIZE: z.int().min(1000).default(1_000_000),
  FLUX_REQUEST_TIMEOUT_MS: positiveInt.default(30_000),
  FLUX_RETRY_AFTER_SECONDS: positiveInt.default(5),
  FLUX_SHUTDOWN_TIMEOUT_MS: positiveInt.default(15_000),
  DROP_METRICS: z.array(z.string().min(1)).default([]),
  DO_NOT_DROP_METRICS: z.array(z.string().min(1)).default([]),
  DROP_LABELS: z.array(labelRule).default([["monitor", "^master$"]]),
  RULES_MAX_PATTERNS: positiveInt.default(1000),
  RULES_MAX_PATTERN_BYTES: positiveInt.default(1024),

  REDIS_URL: redisUrl.optional(),
  REDIS_KEY_PREFIX: z.string().max(64).default(""),
  REDIS_TIMEOUT_MS: positiveInt.default(10_000),
  BUFFER_MAX_BYTES: positiveInt.default(4 * 1024 ** 3),
  REGISTRY_RETENTION_SECONDS: z
    .int()
    .min(7200)
    .default(7 * 86_400),
  HORIZON_SHARDS: z.int().min(1).max(1024).default(1),

  HORIZON_HOST: z.string().min(1).default("127.0.0.1"),
  HORIZON_ADMIN_PORT: port.default(8002),
  HORIZON_INTERVAL_SECONDS: z.number().min(0.1).max(3600).default(60),
  HORIZON_LEASE_SECONDS: z.number().min(1).max(3600).default(30),
  HORIZON_SLICE_BLOCKS: positiveInt.default(100),
  HORIZON_SHUTDOWN_TIMEOUT_MS: positiveInt.default(30_000),
  HORIZON_PARK_SECONDS: positiveInt.default(86_400),
  HORIZON_DEAD_LETTERS: positiveInt.default(10_000),
  SKIP_LIST: z.array(z.string().min(1)).default([]),
  DO_NOT_SKIP_LIST: z.array(z.string().min(1)).default([]),
  FULL_DURATION: z.int().min(60).default(86_400),

  RTS_ENABLED: z.boolean().default(true),
  RTS_REDIS_URL: redisUrl.optional(),
  RTS_RESOLUTION_SECONDS: z.int().min(0).max(86_400).default(60),
  RTS_CHUNK_BYTES: z.int().min(48).max(1_048_576).multipleOf(8).default(128),
  RTS_BATCH_SAMPLES: positiveInt.default(500),

  VICTORIAMETRICS_ENABLED: z.boolean().default(true),
  VICTORIAMETRICS_URL: httpUrl.optional(),
  VICTORIAMETRICS_SETTLE_SECONDS: z.number().min(0).default(30),
  VICTORIAMETRICS_BATCH_SAMPLES: positiveInt.default(20_000),
  VICTORIAMETRICS_TIMEOUT_MS: positiveInt.default(30_000),

  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  DATA_DIR: z.string().min(1).default("./data"),
  LOCAL_REDIS_PORT: port.default(6390),
  LOCAL_VICTORIAMETRICS_PORT: port.default(8428),
  LOCAL_VICTORIAMETRICS_RETENTION: z
    .string()
    .regex(/^\d+(\.\d+)?[hdwy]?$/, "must be a number of months, or a number with h, d, w or y")
    .default("1y"),
  LOCAL_PROMETHEUS_PORT: port.default(9090),
  LOCAL_NODE_EXPORTER_PORT: port.default(9100),
});

/** All settings, checked and complete. */
export type Settings = z.infer<typeof settingsSchema>;
/** The name of a setting. */
export type SettingName = keyof Settings;
