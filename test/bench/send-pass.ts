import type { Contestant } from "./contestant.ts";
import { bodyOfSeries } from "./payload.ts";

const PER_REQUEST = 2000;
/** Bodies that are made ahead of being sent. */
const BODIES_AT_ONCE = 20;

/** A sample of each of some series, at one time. */
export interface Pass {
  readonly firstSeries: number;
  readonly series: number;
  readonly timestampMs: number;
}

/** Sends a pass, 2000 samples a request, without ever holding more than a few bodies: for more series than would fit. */
export async function sendPass(contestant: Contestant, { firstSeries, series, timestampMs }: Pass): Promise<void> {
  const end = firstSeries + series;
  for (let first = firstSeries; first < end; first += BODIES_AT_ONCE * PER_REQUEST) {
    const bodies: Buffer[] = [];
    for (let at = first; at < Math.min(end, first + BODIES_AT_ONCE * PER_REQUEST); at += PER_REQUEST) {
      bodies.push(bodyOfSeries(at, Math.min(PER_REQUEST, end - at), timestampMs));
    }
    await contestant.take(bodies);
  }
}
