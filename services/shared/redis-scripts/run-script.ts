import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";

/** Every script beside this file; each says in its head which keys and arguments it takes and what it returns. */
export const SCRIPT_NAMES = [
  "commit-block",
  "resolve-collision",
  "add-skyline-members",
  "admit-to-limit",
  "admit-to-quota",
  "announce-instance",
  "lease-shard",
  "renew-shard",
  "release-shard",
  "claim-blocks",
  "update-claim",
  "finish-claim",
  "park-block",
  "unpark-block",
  "add-dead-letter",
  "remove-dead-letter",
  "keep-metadata",
  "forget-metadata",
  "assign-slots",
  "write-points",
  "save-newest",
] as const;
export type ScriptName = (typeof SCRIPT_NAMES)[number];

/** Runs one of our scripts. Strings in the reply come as Buffers, numbers as numbers. */
export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
) => Promise<unknown>;

type ScriptCommand = (keyCount: number, ...rest: (string | number | Buffer)[]) => Promise<unknown>;

/**
 * Reads the scripts and registers them with a connection, which then sends their digests and, only where Redis does
 * not know one yet, their text.
 * @throws what the connection throws when a script runs: Redis' own words on error.
 */
export function loadScripts(redis: Redis): RunScript {
  const commands = new Map<ScriptName, ScriptCommand>();
  for (const name of SCRIPT_NAMES) {
    const lua = readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8");
    redis.defineCommand(name, { lua });
    const command: unknown = Reflect.get(redis, `${name}Buffer`);
    commands.set(name, (command as ScriptCommand).bind(redis));
  }
  return (name, keys, args) => {
    const command = commands.get(name);
    if (!command) {
      throw new Error(`cannot run script ${name}: it was not loaded`);
    }
    return command(keys.length, ...keys, ...args);
  };
}
