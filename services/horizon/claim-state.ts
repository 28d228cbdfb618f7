import { parseTally, type Tally } from "./tally.ts";

/** A store that Horizon writes to, as it is called in claims and metrics. */
export type SinkName = "timeseries" | "victoriametrics" | `victoriametrics.${string}`;

/** How far a claim is with one sink that has taken all of it. */
export interface SinkProgress {
  /** `delivered`: it acknowledged everything and may still forget it. `confirmed`: it will not. */
  readonly state: "delivered" | "confirmed";
  /** While it settles: how long the store had run by then, by the `StoreClock` of the instance that wrote this down. */
  readonly storeRanMs?: number;
  /** The instance that wrote this down; whoever did has counted the tally of a confirmed claim. */
  readonly by?: string;
  /** What the store said before the delivery; the same words later prove that it has not died since. */
  readonly proof?: string;
  readonly tally: Tally;
}

/** All blocks that were taken from a shard at one moment, and which sinks have them. A sink without entry is pending. */
export interface ClaimState {
  readonly id: string;
  readonly claimedAtMs: number;
  readonly bytes: number;
  /** The oldest registry generation that its blocks may name. */
  readonly oldestGeneration: number;
  readonly sinks: Partial<Record<SinkName, SinkProgress>>;
}

/** The text under which Redis keeps a claim. */
export function formatClaimState(state: ClaimState): string {
  return JSON.stringify(state);
}

/**
 * Reads what `formatClaimState` or `claim-blocks.lua` wrote. A text that cannot be read counts as a claim of which
 * nothing was delivered, because delivering twice does no harm and losing does. Its time then is that of its id, so that a
 * cap on the age of what waits does not take it for something from 1970.
 */
export function parseClaimState(id: string, text: string): ClaimState {
  try {
    const { claimedAtMs, bytes, oldestGeneration, sinks } = JSON.parse(text) as ClaimState;
    return { id, claimedAtMs, bytes, oldestGeneration, sinks: parseSinks(sinks) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      return { id, claimedAtMs: timeOfId(id), bytes: 0, oldestGeneration: 0, sinks: {} };
    }
    throw error;
  }
}

/** Ids of claims begin with the milliseconds at which they were made (`claims.ts`). */
function timeOfId(id: string): number {
  return Number(/^(\d{1,15})-/.exec(id)?.[1] ?? 0);
}

/** The claim with another progress of one sink; undefined makes it pending again. */
export function withProgress(state: ClaimState, sink: SinkName, progress: SinkProgress | undefined): ClaimState {
  const { [sink]: _before, ...others } = state.sinks;
  return { ...state, sinks: progress ? { ...others, [sink]: progress } : others };
}

/** Whether every one of these sinks has confirmed a claim. */
export function isConfirmedByAll(state: ClaimState, sinks: readonly SinkName[]): boolean {
  return sinks.every((sink) => state.sinks[sink]?.state === "confirmed");
}

function parseSinks(sinks: ClaimState["sinks"]): ClaimState["sinks"] {
  const known = Object.entries(sinks).flatMap(([name, progress]): [SinkName, SinkProgress][] =>
    isSinkName(name) && progress ? [[name, { ...progress, tally: parseTally(progress.tally) }]] : [],
  );
  return Object.fromEntries(known);
}

function isSinkName(name: string): name is SinkName {
  return name === "timeseries" || name === "victoriametrics" || name.startsWith("victoriametrics.");
}
