import { createRandom, type Random } from "../support/random.ts";
import { LINKS, type Link, SERVERS, type ServerName } from "./system.ts";

/** Something that goes wrong. */
export type Fault =
  /** Killed (SIGKILL), and started again when the fault ends. */
  | { readonly kind: "kill"; readonly server: ServerName }
  /** Stopped in good order (SIGTERM), and started again when the fault ends. */
  | { readonly kind: "stop"; readonly server: ServerName }
  /** Frozen (SIGSTOP) until the fault ends. */
  | { readonly kind: "freeze"; readonly server: ServerName }
  /** So many replies are cut in the middle, with their connections. */
  | { readonly kind: "cut"; readonly link: Link; readonly replies: number }
  /** The registry of series is deleted from the buffer. */
  | { readonly kind: "flush_registry" }
  /** VictoriaMetrics' files may grow no further until the fault ends: what a full disk or a quota does. */
  | { readonly kind: "disk_full" };

/** A fault with its time, in ms since the senders began. */
export interface ScheduledFault {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly fault: Fault;
}

/** Every kind as often as it is to come. */
const KINDS = [
  "kill",
  "kill",
  "kill",
  "freeze",
  "freeze",
  "stop",
  "cut",
  "cut",
  "flush_registry",
  "disk_full",
] as const;
const SHORTEST_MS = 500;
const LONGEST_MS = 8000;
const LONGEST_PAUSE_MS = 2500;

/** A schedule that follows from its seed alone: the same seed gives the same one. Pure. */
export function createSchedule(seed: number, durationMs: number): ScheduledFault[] {
  const random = createRandom(seed);
  const schedule: ScheduledFault[] = [];
  let fromMs = 1000;
  while (fromMs + SHORTEST_MS < durationMs) {
    const untilMs = Math.min(durationMs, fromMs + SHORTEST_MS + random.below(LONGEST_MS - SHORTEST_MS));
    schedule.push({ fromMs, untilMs, fault: createFault(random) });
    // Now and then the next one begins while this one is still on.
    fromMs = random.below(4) === 0 ? fromMs + 1 + random.below(1000) : untilMs + random.below(LONGEST_PAUSE_MS);
  }
  return schedule;
}

/** In words, as in tables. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case "kill":
    case "stop":
    case "freeze":
      return `${fault.kind} ${fault.server}`;
    case "cut":
      return `cut ${fault.link}`;
    case "flush_registry":
      return "flush the registry";
    case "disk_full":
      return "fill the disk of victoria";
  }
}

function createFault(random: Random): Fault {
  const kind = random.pick(KINDS);
  switch (kind) {
    case "kill":
    case "stop":
    case "freeze":
      return { kind, server: random.pick(SERVERS) };
    case "cut":
      return { kind, link: random.pick(LINKS), replies: 1 + random.below(5) };
    case "flush_registry":
    case "disk_full":
      return { kind };
  }
}
