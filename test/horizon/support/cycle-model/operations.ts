import type { BacklogCap } from "../../../../services/horizon/backlog-cap.ts";
import { createRandom, type Random } from "../../../support/random.ts";

/** Either of the two Horizons of a sequence. */
export type InstanceName = "a" | "b";
export type StoreName = "timeseries" | "victoriametrics";

/** What becomes of an instance at one of its calls to Redis or to a store. */
export type Fault =
  /** So many calls do not get through and fail. */
  | { readonly kind: "refused"; readonly calls: number }
  /** The call gets through and its reply does not; the calls after it, if any, are refused. */
  | { readonly kind: "reply_lost"; readonly calls: number }
  /** The process dies before the call gets through, or before its reply comes back. */
  | { readonly kind: "killed_before" | "killed_after" }
  /** The process is asked to stop: it finishes the claim at hand, gives the shard back, and another takes its name. */
  | { readonly kind: "stopping" }
  /** The process stands still before the call gets through, or before its reply comes back, and the world goes on. */
  | { readonly kind: "paused_before" | "paused_after"; readonly meanwhile: readonly Operation[] };

/** One thing that happens. `pick` chooses among what there is, modulo how much there is. */
export type Operation =
  | { readonly does: "send"; readonly tenant: string; readonly names: readonly string[] }
  | { readonly does: "send_unregistered"; readonly tenant: string }
  | { readonly does: "send_damaged"; readonly fault: "unknown_version" | "checksum_mismatch" | "malformed" }
  | { readonly does: "send_again"; readonly pick: number }
  | { readonly does: "register"; readonly pick: number }
  | Cycle
  | { readonly does: "stop"; readonly instance: InstanceName }
  | { readonly does: "lease_ends" }
  | { readonly does: "wait"; readonly ms: number }
  | { readonly does: "store_becomes"; readonly store: StoreName; readonly mood: StoreMood }
  | { readonly does: "store_restarts"; readonly store: StoreName; readonly forgets: number }
  | { readonly does: "reload"; readonly skips: boolean };

/** A cycle of an instance, and the fault that meets it: at call number `at`, from 0, of all or of those that change something. */
export interface Cycle {
  readonly does: "cycle";
  readonly instance: InstanceName;
  readonly order: number;
  readonly at: number;
  readonly among: "all" | "changes";
  readonly fault?: Fault;
}

/** How a store takes what it gets. `refusing`: everything but the series REFUSED_NAME. `slow`: in SLOW_MS. */
export type StoreMood = "well" | "slow" | "unavailable" | "hanging" | "refusing";

/** All that makes one sequence what it is: run twice, it does the same twice. */
export interface Sequence {
  readonly seed: number;
  readonly sliceBlocks: number;
  /** How far the clocks of the instances are ahead of the world's, in ms. */
  readonly clockOffsetsMs: Readonly<Record<InstanceName, number>>;
  /** What may wait for a store; what is more is discarded. */
  readonly cap: BacklogCap;
  readonly operations: readonly Operation[];
}

/** The series that a store in the mood `refusing` does not take. */
export const REFUSED_NAME = "odd";
/** The series that SKIP_LIST names, when it names any. */
export const SKIPPED_NAME = "skipped";
export const SETTLE_MS = 30_000;
export const PARK_MS = 3_600_000;
export const SLOW_MS = 25_000;

const NAMES = ["plain", "other", REFUSED_NAME, SKIPPED_NAME] as const;
const WAITS_MS = [1, 1000, SETTLE_MS - 1, SETTLE_MS, 60_000, 600_000, PARK_MS] as const;
const OFFSETS_MS = [0, 0, 1500, -40_000, 300_000, -300_000] as const;
const NO_CAP: BacklogCap = { maxBytes: 0, maxAgeMs: 0 };
const CAPS: readonly [BacklogCap, ...BacklogCap[]] = [
  NO_CAP,
  NO_CAP,
  NO_CAP,
  { maxBytes: 300, maxAgeMs: 0 },
  { maxBytes: 0, maxAgeMs: 600_000 },
];
const MOST_OPERATIONS = 14;
/** Calls of a cycle among which a fault falls; most have fewer. */
const CALLS_OF_A_CYCLE = { all: 45, changes: 12 } as const;

/** The sequence of a seed. Pure. */
export function createSequence(seed: number): Sequence {
  const random = createRandom(seed);
  const count = 2 + random.below(MOST_OPERATIONS - 1);
  return {
    seed,
    sliceBlocks: 1 + random.below(3),
    clockOffsetsMs: { a: random.pick(OFFSETS_MS), b: random.pick(OFFSETS_MS) },
    cap: random.pick(CAPS),
    operations: Array.from({ length: count }, () => anyOperation(random, true)),
  };
}

type Make = (random: Random, mayPause: boolean) => Operation;

/** By how often each comes. */
const MAKERS: readonly (readonly [weight: number, make: Make])[] = [
  [18, (random) => ({ does: "send", tenant: anyTenant(random), names: anyNames(random) })],
  [5, (random) => ({ does: "send_unregistered", tenant: anyTenant(random) })],
  [
    3,
    (random) => ({ does: "send_damaged", fault: random.pick(["unknown_version", "checksum_mismatch", "malformed"]) }),
  ],
  [4, (random) => ({ does: "send_again", pick: random.below(100) })],
  [5, (random) => ({ does: "register", pick: random.below(100) })],
  [32, anyCycle],
  [3, (random) => ({ does: "stop", instance: anyInstance(random) })],
  [5, () => ({ does: "lease_ends" })],
  [9, (random) => ({ does: "wait", ms: random.pick(WAITS_MS) })],
  [8, (random) => ({ does: "store_becomes", store: anyStore(random), mood: anyMood(random) })],
  [4, (random) => ({ does: "store_restarts", store: "victoriametrics", forgets: random.below(2 ** 31) })],
  [4, (random) => ({ does: "reload", skips: random.below(2) === 0 })],
];

function anyOperation(random: Random, mayPause: boolean): Operation {
  let left = random.below(MAKERS.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, make] of MAKERS) {
    left -= weight;
    if (left < 0) {
      return make(random, mayPause);
    }
  }
  return { does: "lease_ends" };
}

function anyCycle(random: Random, mayPause: boolean): Cycle {
  const instance = anyInstance(random);
  const among = random.below(2) === 0 ? "all" : "changes";
  const cycle: Cycle = { does: "cycle", instance, order: random.below(2 ** 31), at: 0, among };
  return random.below(3) === 0
    ? cycle
    : { ...cycle, at: random.below(CALLS_OF_A_CYCLE[among]), fault: anyFault(random, mayPause, instance) };
}

function anyFault(random: Random, mayPause: boolean, instance: InstanceName): Fault {
  const kind = random.pick([
    ...(["refused", "reply_lost", "reply_lost", "killed_before", "killed_after", "stopping"] as const),
    ...(mayPause ? (["paused_before", "paused_before", "paused_after", "paused_after"] as const) : []),
  ] as [Fault["kind"], ...Fault["kind"][]]);
  switch (kind) {
    case "refused":
    case "reply_lost":
      return { kind, calls: 1 + random.below(4) };
    case "paused_before":
    case "paused_after":
      return { kind, meanwhile: whatGoesOn(random, instance) };
    case "killed_before":
    case "killed_after":
    case "stopping":
      return { kind };
  }
}

/** Mostly the other instance takes the shard; a pause in which nothing happens would show nothing. */
function whatGoesOn(random: Random, instance: InstanceName): Operation[] {
  const some = Array.from({ length: 1 + random.below(4) }, () => anyOperation(random, false));
  const cycle = { ...anyCycle(random, false), instance: instance === "a" ? "b" : "a" } as const;
  return random.below(3) === 0 ? some : [{ does: "lease_ends" }, cycle, ...some];
}

function anyInstance(random: Random): InstanceName {
  return random.pick(["a", "a", "b"]);
}

function anyTenant(random: Random): string {
  return random.pick(["t1", "t2"]);
}

function anyStore(random: Random): StoreName {
  return random.pick(["timeseries", "victoriametrics"]);
}

function anyMood(random: Random): StoreMood {
  return random.pick(["well", "well", "slow", "unavailable", "hanging", "refusing"]);
}

function anyNames(random: Random): string[] {
  return Array.from({ length: 1 + random.below(3) }, () => random.pick(NAMES));
}
