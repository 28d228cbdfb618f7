import { setTimeout as sleep } from "node:timers/promises";

const TIMEOUT_MS = 20_000;
const POLL_MS = 20;

/**
 * Waits until a condition holds.
 * @throws Error with `describe`'s words when that takes too long.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = TIMEOUT_MS, describe = () => String(condition) } = {},
): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() >= deadlineMs) {
      throw new Error(`did not happen within ${timeoutMs} ms: ${describe()}`);
    }
    await sleep(POLL_MS);
  }
}

/**
 * Waits until nothing is missing any more.
 * @param missing says what still is, or gives undefined.
 * @throws Error with its last words when that takes too long.
 */
export async function untilNothingIsMissing(
  missing: () => Promise<string | undefined>,
  timeoutMs = 60_000,
): Promise<void> {
  let last: string | undefined = "";
  const isDone = async () => {
    last = await missing();
    return last === undefined;
  };
  await until(isDone, { timeoutMs, describe: () => last ?? "" });
}
