import type { Contestant } from "./contestant.ts";
import { cpuSeconds } from "./cpu-time.ts";
import type { Payload } from "./payload.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** A comparison of two programs, ours and another's, or a look at ours alone. */
export interface Competition {
  readonly ours: Contestant;
  readonly peer: Contestant | undefined;
  readonly payload: Payload;
  /** Rounds that count, after those of warm-up. */
  readonly rounds: number;
  /** Passes of the payload in a round. */
  readonly passes: number;
  /** How many passes the warm-up has at least; it ends with a round. Its first round is the one with all series new. */
  readonly warmUpPasses: number;
  /** When the first sample of all was taken, in ms since 1970; passes are `stepMs` apart. */
  readonly startMs: number;
  readonly stepMs: number;
}

/**
 * Lets them take the same bodies, one after the other, round by round, and prints samples per CPU-second: of each in
 * every round, the median of the rounds with the least and the greatest, and the ratio of ours to the peer's. Bodies
 * are made before anybody's CPU time is looked at.
 */
export async function compete({ ours, peer, payload, ...plan }: Competition): Promise<void> {
  const { rounds, passes, warmUpPasses, startMs, stepMs } = plan;
  const warmUp = warmUpRounds(warmUpPasses, passes);
  const contestants = peer ? [ours, peer] : [ours];
  const figures = contestants.map((): number[] => []);
  console.log(`${payload.what}; ${passes} passes a round, ${rounds} rounds after ${warmUp} of warm-up\n`);
  for (let round = 0; round < warmUp + rounds; round++) {
    const times = Array.from({ length: passes }, (_, pass) => startMs + (round * passes + pass) * stepMs);
    const bodies = times.flatMap((timeMs) => payload.bodiesAt(timeMs));
    for (const [i, contestant] of contestants.entries()) {
      const used = await cpuSecondsFor(contestant, bodies);
      const figure = (passes * payload.samples) / sumOf(used);
      const what = round < warmUp ? "warm-up" : `round ${round - warmUp + 1}`;
      console.log(`${what}: ${contestant.name} ${thousands(figure)} samples per CPU-second${sharesOf(used)}`);
      if (round >= warmUp) {
        figures[i]?.push(figure);
      }
    }
  }
  console.log("");
  for (const [i, { name }] of contestants.entries()) {
    const { median, min, max } = spreadOf(figures[i] ?? []);
    console.log(`${name}: median ${thousands(median)} samples per CPU-second (${thousands(min)} to ${thousands(max)})`);
  }
  if (peer) {
    const [own = [], theirs = []] = figures;
    printRatio(peer.name, spreadOf(own.map((figure, i) => figure / (theirs[i] ?? Number.NaN))));
  }
}

/** How many rounds a warm-up of so many passes takes; one at least. */
export function warmUpRounds(warmUpPasses: number, passes: number): number {
  return Math.max(1, Math.ceil(warmUpPasses / passes));
}

function printRatio(peerName: string, { median, min, max }: Spread): void {
  console.log(`ratio to ${peerName}: median ${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`);
}

/** CPU seconds by program. */
type CpuSeconds = ReadonlyMap<string, number>;

async function cpuSecondsFor(contestant: Contestant, bodies: readonly Buffer[]): Promise<CpuSeconds> {
  await contestant.ready?.();
  const before = usedSoFar(contestant);
  await contestant.take(bodies);
  return new Map(
    [...usedSoFar(contestant)].map(([program, seconds]) => [program, seconds - (before.get(program) ?? 0)]),
  );
}

function usedSoFar(contestant: Contestant): CpuSeconds {
  const programs = Object.entries(contestant.processes());
  return new Map(programs.map(([name, pids]) => [name, pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)]));
}

function sumOf(used: CpuSeconds): number {
  return [...used.values()].reduce((sum, seconds) => sum + seconds, 0);
}

/** Which part of the CPU time each program has used, where there are several. */
function sharesOf(used: CpuSeconds): string {
  const total = sumOf(used);
  const shares = [...used].map(([program, seconds]) => `${program} ${Math.round((100 * seconds) / total)} %`);
  return used.size > 1 ? ` (${shares.join(", ")})` : "";
}

function thousands(figure: number): string {
  return `${(figure / 1000).toFixed(1)} k`;
}
