import { readBufferSettings } from "../buffer-settings.ts";
import { type Command, type CommandIo, failWith } from "../command.ts";
import { withRedis } from "../with-redis.ts";
import { DEAD_LETTERS_USAGE, type LetterRequest, parseDeadLettersOptions } from "./dead-letters-options.ts";
import { type LetterWork, NAME } from "./letter-work.ts";
import { listLetters } from "./list-letters.ts";
import { purgeLetters } from "./purge-letters.ts";
import { replayLetters } from "./replay-letters.ts";
import { Replayer } from "./replayer.ts";
import { showLetters } from "./show-letters.ts";

/** `flux dead-letters`: what Horizon has set aside, and what becomes of it. */
export const deadLettersCommand: Command = {
  name: NAME,
  summary: "what Horizon has set aside: list it, show it, put it back, delete it",
  usage: DEAD_LETTERS_USAGE,
  run,
};

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseDeadLettersOptions(args);
  if (!parsed.ok) {
    return failWith(io, NAME, parsed.problems);
  }
  const { redisUrl, request } = parsed.options;
  const found = await readBufferSettings(io.env, redisUrl);
  if (!found.ok) {
    return failWith(io, NAME, found.problems);
  }
  const { settings, url } = found;
  return withRedis(url, "flux-dead-letters", (redis) => {
    const box = { redis, keyPrefix: settings.REDIS_KEY_PREFIX };
    const replayer = new Replayer(redis, settings, Date.now);
    return act({ box, replayer, nowMs: Date.now(), io }, request);
  });
}

function act(work: LetterWork, request: LetterRequest): Promise<number> {
  switch (request.action) {
    case "list":
      return listLetters(work, request);
    case "show":
      return showLetters(work, request);
    case "replay":
      return replayLetters(work, request);
    case "purge":
      return purgeLetters(work, request);
  }
}
