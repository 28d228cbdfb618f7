import { closeSync, copyFileSync, existsSync, openSync, readSync, renameSync, statSync, truncateSync } from "node:fs";

/** A log larger than this is moved aside while its writer goes on writing. */
export const MAX_LOG_BYTES = 50 * 1024 * 1024;

/** Moves the log of the run before aside to `<path>.1`, whose older content is forgotten. */
export function rotateLog(path: string): void {
  if (existsSync(path) && statSync(path).size > 0) {
    renameSync(path, `${path}.1`);
  }
}

/**
 * Copies a log that has grown too large to `<path>.1` and empties it. Its writer appends, so that it goes on at the
 * new end; a few lines that were written in between may be lost.
 */
export function trimLog(path: string, maxBytes: number): void {
  if (existsSync(path) && statSync(path).size > maxBytes) {
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  }
}

const TELLING = /error|cannot|can't|could not|fatal|panic/i;

/**
 * The lines of a log that tell best why its writer ended: the last few that sound like it, else simply the last few.
 * Looks at the last `maxBytes` of it.
 */
export function tellingLines(path: string, lines: number, maxBytes = 8192): string[] {
  const all = readEnd(path, maxBytes).trimEnd().split("\n");
  const telling = all.filter((line) => TELLING.test(line));
  return (telling.length > 0 ? telling : all).slice(-lines).map((line) => line.trim());
}

function readEnd(path: string, maxBytes: number): string {
  const file = openSync(path, "r");
  try {
    const start = Math.max(0, statSync(path).size - maxBytes);
    const bytes = Buffer.alloc(maxBytes);
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, maxBytes, start));
  } finally {
    closeSync(file);
  }
}
