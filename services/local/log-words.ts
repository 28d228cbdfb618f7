/** What a level that is worth showing is called in words. */
const LEVELS_IN_WORDS: ReadonlyMap<unknown, string> = new Map([
  ["warn", "warns"],
  ["error", "reports an error"],
  ["fatal", "reports an error"],
]);
const CRASH_REASON = /^(\w*Error\b|cannot |FATAL )/;
const SHOWN_CHARACTERS = 400;

/**
 * What to show of a line that Flux or Horizon logged: warnings and errors as a sentence, nothing of the rest. Of
 * what a crashing program leaves, which is no log record, the line that says why is shown.
 * @param name the service, as people call it.
 */
export function logLineInWords(name: string, line: string): string | undefined {
  const record = parseRecord(line);
  if (record === undefined) {
    return CRASH_REASON.test(line) ? `${name}: ${shorten(line.trim())}` : undefined;
  }
  const verb = LEVELS_IN_WORDS.get(record["level"]);
  if (verb === undefined) {
    return undefined;
  }
  const reason = reasonOf(record["err"]) ?? reasonOf(record["error"]) ?? reasonOf(record["reason"]);
  const message = typeof record["msg"] === "string" ? record["msg"] : "";
  const words = [message, reason === message ? undefined : reason].filter(Boolean).join(": ");
  return `${name} ${verb}: ${shorten(words)}`;
}

function parseRecord(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    // Not a record then; the caller shows the line itself.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function reasonOf(error: unknown): string | undefined {
  if (typeof error === "string") {
    return error;
  }
  return isObject(error) && typeof error["message"] === "string" ? error["message"] : undefined;
}

function shorten(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
}
