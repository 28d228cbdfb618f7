import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";

/** A structured logger: `logger.info({ field: value }, "A constant sentence")`. */
export type Logger = PinoLogger;

const SECRET_FIELDS = ["key", "apiKey", "password", "token", "authorization", "Authorization", "x-api-key", "cookie"];

/** Secret fields at the top of a log line and up to two objects deep, as in `request.headers.key`. */
const REDACTED_PATHS = SECRET_FIELDS.flatMap((field) => {
  const path = field.includes("-") ? `["${field}"]` : `.${field}`;
  return [field.includes("-") ? path : field, `*${path}`, `*.*${path}`];
});

/**
 * A logger that writes one JSON object a line. Secret fields are shown as "[redacted]"; for fields that are not secret
 * choose other names (`redisKey`, not `key`).
 * @param service the name that stands in every line.
 * @param level the least level that is written: fatal, error, warn, info, debug, trace, or silent for nothing.
 * @param destination where lines go, by default standard output.
 */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError, error: describeError },
    redact: { paths: REDACTED_PATHS, censor: "[redacted]" },
  };
  return destination ? pino(options, destination) : pino(options);
}

/**
 * An error without the extra fields that libraries add: ioredis puts the arguments of a failed command there (AUTH has
 * the password), axios the request with its headers and body.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) {
    return error;
  }
  return {
    type: error.name,
    message: error.message,
    ...("code" in error && { code: error.code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
