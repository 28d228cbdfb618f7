import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { type ScriptArgument, ScriptCommand } from "./script-command.ts";

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
  "mend-series",
  "save-newest",
] as const;
export type ScriptName = (typeof SCRIPT_NAMES)[number];

/** Runs one of our scripts. Strings in the reply come as Buffers, numbers as numbers. */
export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly ScriptArgument[],
) => Promise<unknown>;

/** A script, and what Redis knows it by. */
interface Script {
  readonly text: string;
  /** SHA-1, hexadecimal. */
  readonly digest: string;
}

/**
 * Reads the scripts, and gives what runs them on a connection: it sends their digests and, only where Redis does not
 * know one yet, their text.
 * @throws what the connection throws when a script runs: Redis' own words on error.
 */
export function loadScripts(redis: Pick<Redis, "sendCommand">): RunScript {
  const scripts = new Map(SCRIPT_NAMES.map((name) => [name, readScript(name)]));
  return (name, keys, args) => {
    const script = scripts.get(name);
    if (!script) {
      throw new Error(`cannot run script ${name}: it was not loaded`);
    }
    const command = new ScriptCommand(["evalsha", script.digest], keys, args);
    return Promise.resolve(redis.sendCommand(command)).catch((error: unknown) => {
      if (!isUnknownScript(error)) {
        throw error;
      }
      return redis.sendCommand(new ScriptCommand(["eval", script.text], keys, args));
    });
  };
}

function readScript(name: ScriptName): Script {
  const text = readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8");
  return { text, digest: createHash("sha1").update(text).digest("hex") };
}

/** Redis was started, or told to forget its scripts, since it was given this one. It has done nothing. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
