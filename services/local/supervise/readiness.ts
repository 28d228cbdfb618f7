import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Looks whether a server answers: undefined when it does, otherwise why not, in words. */
export type ReadyCheck = () => Promise<string | undefined>;

/** How to wait for a server. */
export interface Waiting {
  readonly signal: AbortSignal;
  readonly everyMs: number;
  /** After each such time `stillWaiting` is told why the server is not ready. */
  readonly noticeMs: number;
  stillWaiting(reason: string): void;
}

const PING_TIMEOUT_MS = 2000;
const SHOWN_REASON_CHARACTERS = 300;

/**
 * Asks again and again until a server answers.
 * @returns true when it does, false when the signal was aborted before.
 */
export async function waitUntilReady(check: ReadyCheck, waiting: Waiting): Promise<boolean> {
  let noticeAtMs = Date.now() + waiting.noticeMs;
  while (!waiting.signal.aborted) {
    const reason = await check();
    if (reason === undefined) {
      return !waiting.signal.aborted;
    }
    if (Date.now() >= noticeAtMs) {
      noticeAtMs = Date.now() + waiting.noticeMs;
      waiting.stillWaiting(reason);
    }
    await pause(waiting.everyMs, waiting.signal);
  }
  return false;
}

/** Waits, but no longer than until the signal is aborted. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  // The only way for this to reject is the signal, and its owner knows.
  await sleep(delayMs, undefined, { signal }).catch(() => undefined);
}

/** Whether a web server answers 200 at a URL. Its answer is the reason when it does not. */
export async function checkHttp(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PING_TIMEOUT_MS) });
    const text = await response.text();
    return response.ok ? undefined : `it answers ${response.status} ${inWords(text).slice(0, SHOWN_REASON_CHARACTERS)}`;
  } catch (error) {
    return `it does not answer yet (${reasonOf(error)})`;
  }
}

/** Whether a Redis on this machine answers PING. While it loads its data it says so instead. */
export function checkRedis(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PING_TIMEOUT_MS });
    const settle = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once("connect", () => socket.write("PING\r\n"));
    socket.once("data", (data) =>
      settle(data.toString().startsWith("+PONG") ? undefined : `it says ${firstLine(data)}`),
    );
    socket.once("timeout", () => settle("it does not answer yet (timeout)"));
    socket.once("error", (error) => settle(`it does not answer yet (${reasonOf(error)})`));
    socket.once("close", () => settle("it closed the connection"));
  });
}

/** What a service says of itself: where it lists what it needs (`detail`), that list as text. */
function inWords(answer: string): string {
  try {
    const value: unknown = JSON.parse(answer);
    if (typeof value === "object" && value !== null && "detail" in value && value.detail instanceof Object) {
      return Object.entries(value.detail)
        .map(([name, state]) => `(${name}: ${state})`)
        .join(" ");
    }
  } catch {
    // Not JSON: then it is text for people already.
  }
  return answer.trim();
}

function firstLine(data: Buffer): string {
  return data.toString().split("\r\n", 1).join("").slice(0, SHOWN_REASON_CHARACTERS);
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error) {
    return "code" in cause ? String(cause.code) : cause.message;
  }
  return String(cause);
}
