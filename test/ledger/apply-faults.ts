import { execFileSync } from "node:child_process";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { describeFault, type Fault, type ScheduledFault } from "./schedule.ts";
import type { LedgerSystem, ServerName } from "./system.ts";

/** No file of a server can grow beyond this while its disk is full. */
const FULL_DISK_BYTES = 4096;

/** Carries out a schedule. */
export class Faults {
  readonly #system: LedgerSystem;
  readonly #on: string[] = [];
  /** Servers that are down or frozen, with how many faults keep them so. */
  readonly #busy = new Set<ServerName>();

  constructor(system: LedgerSystem) {
    this.#system = system;
  }

  /** The faults that are on now, in words. */
  now(): string {
    return [...this.#on].sort().join(" + ");
  }

  /** Begins and ends every fault at its time. @returns when all have ended and everything runs again. */
  async run(schedule: readonly ScheduledFault[], log: (line: string) => void): Promise<void> {
    const startMs = Date.now();
    await Promise.all(
      schedule.map(async ({ fromMs, untilMs, fault }) => {
        await delay(startMs + fromMs - Date.now());
        const words = describeFault(fault);
        log(`${(fromMs / 1000).toFixed(1)} s: ${words} for ${((untilMs - fromMs) / 1000).toFixed(1)} s`);
        this.#on.push(words);
        const end = await this.#begin(fault);
        await delay(Math.max(0, startMs + untilMs - Date.now()));
        await end();
        this.#on.splice(this.#on.indexOf(words), 1);
      }),
    );
  }

  /** @returns what ends it. A server that another fault has in hand is left to that one. */
  async #begin(fault: Fault): Promise<() => Promise<void>> {
    switch (fault.kind) {
      case "cut":
        this.#system.links[fault.link].cutReplies(fault.replies);
        return async () => this.#system.links[fault.link].cutReplies(0);
      case "flush_registry":
        await this.#flushRegistry();
        return async () => undefined;
      case "disk_full":
        return this.#claim("victoria", () => this.#fillDisk());
      case "kill":
      case "stop":
      case "freeze":
        return this.#claim(fault.server, () => this.#take(fault.kind, fault.server));
    }
  }

  async #claim(server: ServerName, begin: () => Promise<() => Promise<void>>): Promise<() => Promise<void>> {
    if (this.#busy.has(server)) {
      return async () => undefined;
    }
    this.#busy.add(server);
    const end = await begin();
    return async () => {
      await end();
      this.#busy.delete(server);
    };
  }

  async #take(kind: "kill" | "stop" | "freeze", name: ServerName): Promise<() => Promise<void>> {
    const server = this.#system.servers[name];
    if (kind === "freeze") {
      await server.pause();
      return async () => server.resume();
    }
    if (kind === "kill") {
      await server.kill();
    } else {
      // Its end is waited for when it is started again: a service whose stores are away takes its time.
      process.kill(server.pid, "SIGTERM");
    }
    return () => server.restart();
  }

  /** The limit is the process' own, and goes with it: a store whose disk was full is killed and started again. */
  async #fillDisk(): Promise<() => Promise<void>> {
    const { victoria } = this.#system;
    execFileSync("prlimit", ["--pid", String(victoria.pid), `--fsize=${FULL_DISK_BYTES}`]);
    return async () => {
      await victoria.kill();
      await victoria.restart();
    };
  }

  async #flushRegistry(): Promise<void> {
    const redis = new Redis(this.#system.buffer.url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
    const flush = async () => {
      const keys = await redis.keys("flux.series.*");
      return keys.length > 0 ? redis.del(...keys) : 0;
    };
    // Where the buffer itself is down just now, there is nothing to flush.
    redis.on("error", () => undefined);
    await flush().catch(() => undefined);
    redis.disconnect();
  }
}
