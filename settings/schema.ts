import { z } from "zod";
import { apiKeyFault } from "./api-key.ts";
import { DECIMAL } from "./decimal.ts";

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
const redisUrl = url(/^(rediss?|unix)$/, "redis://127.0.0.1:6379 or unix:///run/redis/redis.sock").refine(
  (written) => !/^unix:/i.test(written) || /^unix:\/\/\/[^?]/i.test(written),
  "must have the path of the socket behind three slashes, like unix:///run/redis/redis.sock",
);
const httpUrl = url(/^https?$/, "http://127.0.0.1:8428");
/** What operators call a store; part of a metric's label and of what Horizon keeps, so it should not change. */
const storeName = z.string().regex(/^[a-z0-9_-]{1,32}$/, "must be 1 to 32 characters of a-z 0-9 _ -");
const apiKey = z.string().superRefine((written, context) => {
  const message = apiKeyFault(written);
  if (message !== undefined) {
    context.addIssue({ code: "custom", message });
  }
});

/** `[label, value pattern]`, or `[label]` to drop the label whatever its value. */
const labelRule = z.union(
  [z.tuple([z.string().min(1), z.string()]), z.tuple([z.string().min(1)])],
  "must be [label, value pattern] or [label]",
);

const patterns = z.array(z.string().min(1));
const labelRules = z.array(labelRule);
/** 0: no limit. */
const limit = z.int().min(0);
/** What answers a request over its rate. Prometheus gives a request up at 429 unless it is told to try again. */
const overRateStatus = z.union([z.literal(503), z.literal(429)], "must be 503 or 429");

/** A number inside a map. All that a YAML file holds comes as text; outside of maps `coerce` has turned it already. */
const written = <Schema extends z.ZodType<number>>(schema: Schema) =>
  z.preprocess((value) => (typeof value === "string" && DECIMAL.test(value) ? Number(value) : value), schema);
const writtenLimit = written(limit);
const writtenSize = written(positiveInt);

/** Limits of one tenant, or of one key. What is left out is as the settings of all tenants say. */
const limits = z
  .strictObject({
    samplesPerSecond: writtenLimit,
    samplesBurst: writtenLimit,
    bytesPerSecond: writtenLimit,
    bytesBurst: writtenLimit,
    maxRequestsInFlight: writtenLimit,
    maxActiveSeries: writtenLimit,
    maxBodyBytes: writtenSize,
    maxUncompressedBytes: writtenSize,
    maxLabelsPerSeries: writtenSize,
    maxLabelNameBytes: writtenSize,
    maxLabelValueBytes: writtenSize,
    maxSeriesBytes: writtenSize,
    maxSampleAgeSeconds: writtenLimit,
    maxSampleFutureSeconds: writtenLimit,
    overRateStatus: written(overRateStatus),
  })
  .partial();

const influxDbPrefix = z.enum(["none", "db", "db_unless_prometheus"]);
const influxStringFields = z.enum(["drop", "number", "info"]);
const influxPrecision = z.enum(["strict", "auto"]);

/** How line protocol of one tenant, or of one key, is read. What is left out is as the settings of all say. */
const influx = z
  .strictObject({ dbPrefix: influxDbPrefix, stringFields: influxStringFields, precision: influxPrecision })
  .partial();

/** What may be said of a tenant and of a key in its long form. */
const ownPolicy = {
  limits: limits.optional(),
  influx: influx.optional(),
  dropMetrics: patterns.optional(),
  doNotDropMetrics: patterns.optional(),
  dropLabels: labelRules.optional(),
};

/** An entry of FLUX_TENANTS. Skip lists are Horizon's, which knows tenants and not keys. */
const tenantPolicy = z.strictObject({
  ...ownPolicy,
  skipList: patterns.optional(),
  doNotSkipList: patterns.optional(),
});

/** The long form of an entry of FLUX_API_KEYS. */
const keyGrant = z.strictObject({
  namespace: identifier,
  tenants: z
    .array(z.union([z.literal("*"), identifier]))
    .min(1)
    .optional(),
  tenant: identifier.optional(),
  server: identifier.optional(),
  ...ownPolicy,
});

/** An entry of FLUX_API_KEYS: the namespace alone, or the long form. */
const keyEntry = z.union(
  [identifier, keyGrant],
  "must be a namespace, or a map with namespace, tenants, tenant, server, limits, influx, dropMetrics, doNotDropMetrics, dropLabels",
);

export const settingsSchema = z.strictObject({
  FLUX_HOST: z.string().min(1).default("127.0.0.1"),
  FLUX_PORT: port.default(8000),
  FLUX_TLS_CERT_FILE: z.string().min(1).optional(),
  FLUX_TLS_KEY_FILE: z.string().min(1).optional(),
  FLUX_TLS_CLIENT_CA_FILE: z.string().min(1).optional(),
  FLUX_ADMIN_HOST: z.string().min(1).default("127.0.0.1"),
  FLUX_ADMIN_PORT: port.default(8001),
  FLUX_WORKERS: z.int().min(1).max(128).default(1),
  FLUX_SELF_API_KEY: apiKey.optional(),
  FLUX_API_KEYS: z.record(apiKey, keyEntry).default({}),
  FLUX_MAX_BODY_BYTES: positiveInt.default(16 * 1024 * 1024),
  FLUX_MAX_UNCOMPRESSED_BYTES: positiveInt.default(64 * 1024 * 1024),
  FLUX_MAX_LABELS_PER_SERIES: positiveInt.default(40),
  FLUX_MAX_LABEL_NAME_BYTES: positiveInt.default(256),
  FLUX_MAX_LABEL_VALUE_BYTES: positiveInt.default(4096),
  FLUX_MAX_SERIES_BYTES: positiveInt.default(16 * 1024),
  FLUX_MAX_ACTIVE_SERIES: limit.default(0),
  FLUX_SAMPLES_PER_SECOND: limit.default(0),
  FLUX_SAMPLES_BURST: limit.default(0),
  FLUX_BYTES_PER_SECOND: limit.default(0),
  FLUX_BYTES_BURST: limit.default(0),
  FLUX_MAX_REQUESTS_IN_FLIGHT: limit.default(0),
  FLUX_OVER_RATE_STATUS: overRateStatus.default(503),
  FLUX_PROMETHEUS_MAX_AGE: limit.default(0),
  FLUX_PROMETHEUS_MAX_FUTURE: limit.default(0),
  FLUX_NAMESPACE_QUOTAS: z.record(identifier, writtenSize).default({}),
  FLUX_TENANTS: z.record(identifier, tenantPolicy).default({}),
  FLUX_CODEC: z.enum(["kernel", "reference"]).default("kernel"),
  FLUX_SERIES_TABLE_SIZE: z.int().min(1000).default(1_000_000),
  FLUX_MAX_IN_FLIGHT_BYTES: positiveInt.default(256 * 1024 * 1024),
  FLUX_MAX_CONNECTIONS: limit.default(0),
  FLUX_HEADERS_TIMEOUT_MS: positiveInt.default(10_000),
  FLUX_REQUEST_TIMEOUT_MS: positiveInt.default(30_000),
  FLUX_RETRY_AFTER_SECONDS: positiveInt.default(5),
  FLUX_SHUTDOWN_TIMEOUT_MS: positiveInt.default(15_000),
  DROP_METRICS: patterns.default([]),
  DO_NOT_DROP_METRICS: patterns.default([]),
  DROP_LABELS: labelRules.default([["monitor", "^master$"]]),
  RULES_MAX_PATTERNS: positiveInt.default(1000),
  RULES_MAX_PATTERN_BYTES: positiveInt.default(1024),
  INFLUX_DB_PREFIX: influxDbPrefix.default("none"),
  INFLUX_STRING_FIELDS: influxStringFields.default("drop"),
  INFLUX_PRECISION: influxPrecision.default("strict"),

  REDIS_URL: redisUrl.optional(),
  REDIS_KEY_PREFIX: z.string().max(64).default(""),
  REDIS_TIMEOUT_MS: positiveInt.default(10_000),
  BUFFER_FORMAT: z.enum(["blocks", "skyline"]).default("blocks"),
  BUFFER_MAX_BYTES: positiveInt.default(4 * 1024 ** 3),
  REGISTRY_RETENTION_SECONDS: z
    .int()
    .min(7200)
    .default(7 * 86_400),
  FLUX_MAX_METADATA_PER_SERVER: positiveInt.default(10_000),
  HORIZON_SHARDS: z.int().min(1).max(1024).default(1),

  HORIZON_HOST: z.string().min(1).default("127.0.0.1"),
  HORIZON_ADMIN_PORT: port.default(8002),
  HORIZON_INTERVAL_SECONDS: z.number().min(0.1).max(3600).default(60),
  HORIZON_LEASE_SECONDS: z.number().min(1).max(3600).default(30),
  HORIZON_SHARDS_AT_ONCE: positiveInt.default(2),
  HORIZON_SLICE_BLOCKS: positiveInt.default(1000),
  HORIZON_SLICE_BYTES: positiveInt.default(16 * 1024 * 1024),
  HORIZON_MAX_SERIES_CACHED: positiveInt.default(2_000_000),
  HORIZON_DRAIN_SHARE: z.number().gt(0).max(1).default(0.8),
  HORIZON_BACKLOG_MAX_BYTES: z.int().min(0).default(0),
  HORIZON_BACKLOG_MAX_AGE_SECONDS: z.int().min(0).default(0),
  HORIZON_SHUTDOWN_TIMEOUT_MS: positiveInt.default(30_000),
  HORIZON_PARK_SECONDS: positiveInt.default(86_400),
  HORIZON_DEAD_LETTERS: positiveInt.default(10_000),
  HORIZON_DEAD_LETTERS_BYTES: positiveInt.default(256 * 1024 * 1024),
  SKIP_LIST: patterns.default([]),
  DO_NOT_SKIP_LIST: patterns.default([]),
  FULL_DURATION: z.int().min(60).default(86_400),

  RTS_ENABLED: z.boolean().default(true),
  RTS_REDIS_URL: redisUrl.optional(),
  RTS_RESOLUTION_SECONDS: z.int().min(0).max(86_400).default(60),
  RTS_CHUNK_BYTES: z.int().min(48).max(1_048_576).multipleOf(8).default(384),
  RTS_MAX_POINTS_KEPT_BACK: positiveInt.default(500_000),
  RTS_BATCH_SAMPLES: z.int().min(1).max(2000).default(1000),
  RTS_READ_MAX_SERIES: positiveInt.default(1000),
  RTS_READ_MAX_POINTS: positiveInt.default(250_000),
  RTS_READ_MAX_SEARCHED: positiveInt.default(20_000),

  VICTORIAMETRICS_ENABLED: z.boolean().default(true),
  VICTORIAMETRICS_URL: httpUrl.optional(),
  VICTORIAMETRICS_URLS: z.record(storeName, httpUrl).default({}),
  VICTORIAMETRICS_SPREAD: z.enum(["replicate", "shard"]).default("replicate"),
  VICTORIAMETRICS_BEARER_TOKEN: z.string().min(1).optional(),
  VICTORIAMETRICS_CA_FILE: z.string().min(1).optional(),
  VICTORIAMETRICS_SETTLE_SECONDS: z.number().min(0).default(30),
  VICTORIAMETRICS_BATCH_SAMPLES: positiveInt.default(50_000),
  VICTORIAMETRICS_TIMEOUT_MS: positiveInt.default(30_000),
  VICTORIAMETRICS_METADATA: z.boolean().default(true),

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
/** Limits of one tenant or key, as written. */
export type LimitSettings = z.infer<typeof limits>;
/** How line protocol of one tenant or key is read, as written. */
export type InfluxSettings = z.infer<typeof influx>;
/** What is said of one tenant, as written. */
export type TenantSettings = Settings["FLUX_TENANTS"][string];
