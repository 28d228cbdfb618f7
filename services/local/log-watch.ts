import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { logLineInWords } from "./log-words.ts";
import { MAX_LOG_BYTES, trimLog } from "./supervise/log-file.ts";
import { pause } from "./supervise/readiness.ts";

/** A log to watch. `name` is the service that writes it, as people call it. */
export interface WatchedLog {
  readonly name: string;
  readonly path: string;
}

const POLL_MS = 500;
const READ_BYTES = 256 * 1024;
const REPEAT_MS = 60_000;

/**
 * Says the warnings and errors that a service logs, until the signal is aborted. The same sentence is said once a
 * minute at most. Reads the file rather than a pipe, so that the service can go on logging when we are gone.
 */
export async function watchLog(log: WatchedLog, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const saidMs = new Map<string, number>();
  const decoder = new TextDecoder();
  let position = 0;
  let rest = "";
  while (!signal.aborted) {
    const read = await readFrom(log.path, position);
    position = read.position;
    // A letter may be half written yet: the decoder keeps its first bytes for the next time.
    const lines = (rest + decoder.decode(read.bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const words of lines.flatMap((line) => logLineInWords(log.name, line) ?? [])) {
      if (Date.now() - (saidMs.get(words) ?? 0) >= REPEAT_MS) {
        saidMs.set(words, Date.now());
        say(words);
      }
    }
    forgetOld(saidMs);
    await pause(POLL_MS, signal);
  }
}

/** Keeps logs from filling the disk, until the signal is aborted. */
export async function trimLogs(paths: readonly string[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const path of paths) {
      trimLog(path, MAX_LOG_BYTES);
    }
    await pause(REPEAT_MS, signal);
  }
}

async function readFrom(path: string, position: number): Promise<{ bytes: Buffer; position: number }> {
  if (!existsSync(path)) {
    return { bytes: Buffer.alloc(0), position: 0 };
  }
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    // A file that has become shorter was emptied: its new content begins at the start.
    const start = size < position ? 0 : position;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, start);
    return { bytes: buffer.subarray(0, bytesRead), position: start + bytesRead };
  } finally {
    await file.close();
  }
}

function forgetOld(saidMs: Map<string, number>): void {
  for (const [words, atMs] of saidMs) {
    if (Date.now() - atMs >= REPEAT_MS) {
      saidMs.delete(words);
    }
  }
}
