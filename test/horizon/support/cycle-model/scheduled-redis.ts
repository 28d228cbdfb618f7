import type { Redis } from "ioredis";
import type { RunScript } from "../../../../services/shared/redis-scripts/run-script.ts";
import type { CallScheduler } from "./call-scheduler.ts";

/**
 * A connection of which every command goes by a scheduler.
 *
 * SSCAN is made of SMEMBERS here. The real one goes through a set in the order of a hash with a secret seed, so that
 * no two servers would do the same; and it seldom does what it may: give a member twice, and one that is gone.
 */
export function scheduledRedis(redis: Redis, scheduler: CallScheduler): Redis {
  const scans: Buffer[][] = [];

  /** A cursor is "<number of the scan>:<how far it is>", and "0" where nothing is left. */
  async function scan(key: string, cursor: string, count: number): Promise<[Buffer, Buffer[]]> {
    const [known, start = 0] = cursor === "0" ? [] : cursor.split(":").map(Number);
    const members = scans[known ?? -1] ?? (await redis.smembersBuffer(key)).sort(Buffer.compare);
    const number = known ?? scans.push(members) - 1;
    const end = start + count;
    // All but the first begin with what the one before ended with.
    const page = members.slice(Math.max(0, start - 1), end);
    return [Buffer.from(end >= members.length ? "0" : `${number}:${end}`), page];
  }

  return new Proxy(redis, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") {
        return member;
      }
      return (...args: unknown[]) =>
        scheduler.call("redis", String(name), () =>
          name === "sscanBuffer"
            ? scan(String(args[0]), String(args[1]), Number(args[3]))
            : Promise.resolve(Reflect.apply(member, target, args)),
        );
    },
  });
}

/** Scripts that go by a scheduler. */
export function scheduledScripts(runScript: RunScript, scheduler: CallScheduler): RunScript {
  return (name, keys, args) => scheduler.call("redis", name, () => runScript(name, keys, args));
}
