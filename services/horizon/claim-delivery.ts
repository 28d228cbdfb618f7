import type { ClaimState, SinkProgress } from "./claim-state.ts";
import type { ClaimBlocks } from "./claims.ts";
import { refusedFields } from "./dead-letters.ts";
import type { PhaseTimes } from "./phase-times.ts";
import type { Delivery, OnRefused, Sink, StoreClock } from "./sinks/sink.ts";
import type { Slice } from "./slice.ts";
import { Tally } from "./tally.ts";
import { type BlockReading, usableSlice } from "./usable-slices.ts";

/** Samples in one dead letter at most. */
const SAMPLES_PER_LETTER = 5000;

/** What a delivery goes on with: the reading of the cycle at hand, and how long it may. */
export interface DeliveryTurn {
  readonly reading: BlockReading;
  readonly signal: AbortSignal;
  readonly phases: PhaseTimes;
  /** Whether a further slice may be begun, if it takes as long as the last one did. */
  readonly mayGoOn: (lastSliceMs: number) => boolean;
}

/**
 * A claim on its way to one sink, slice by slice. Between two slices it may rest while newer claims have their turn:
 * nothing of the claim is in memory then but what the sink keeps back.
 */
export class ClaimDelivery {
  readonly claim: ClaimState;
  /** The hold on the shard under which it was begun. */
  readonly token: string;
  readonly #sink: Sink;
  readonly #proof: string | undefined;
  readonly #delivery: Delivery;
  readonly #blocks: AsyncGenerator<ClaimBlocks>;
  readonly #tally = new Tally();

  private constructor(sink: Sink, claim: ClaimState, begun: Begun) {
    this.claim = claim;
    this.token = begun.token;
    this.#sink = sink;
    this.#proof = begun.proof;
    this.#delivery = begun.delivery;
    this.#blocks = begun.blocks;
  }

  /**
   * @param proof what the sink said of itself at some moment before: a store that dies later is another one then.
   * @throws RetryableError when the sink takes nothing now.
   */
  static async begin(
    { reading, signal }: Pick<DeliveryTurn, "reading" | "signal">,
    sink: Sink,
    claim: ClaimState,
    proof: string | undefined,
  ): Promise<ClaimDelivery> {
    const hold = reading.claims.hold(claim);
    const delivery = await sink.begin(toDeadLetters(reading, sink), signal, hold);
    const blocks = reading.claims.readSlices(claim, reading.sliceBlocks, reading.scans);
    return new ClaimDelivery(sink, claim, { token: hold.token, proof, delivery, blocks });
  }

  /**
   * Delivers at least one slice, and further ones for as long as it may.
   * @returns the progress to write down when the sink has taken, skipped or refused all; undefined when it is to rest.
   * @throws RetryableError when the sink takes nothing now; the claim is then to be delivered again from its start.
   */
  async run(turn: DeliveryTurn): Promise<SinkProgress | undefined> {
    const { reading, signal, phases, mayGoOn } = turn;
    for (;;) {
      const startMs = reading.now();
      const read = await phases.measure("read", () => this.#read(reading));
      signal.throwIfAborted();
      const { slice } = read;
      if (slice) {
        countSlice(this.#tally, slice);
        await phases.measure("deliver", () => this.#delivery.write(slice, signal));
      }
      read.done();
      if (read.isLast) {
        return phases.measure("deliver", () => this.#finish(turn));
      }
      if (!mayGoOn(reading.now() - startMs)) {
        return undefined;
      }
    }
  }

  async #read(reading: BlockReading): Promise<ReadSlice> {
    const next = await this.#blocks.next();
    if (next.done) {
      return { slice: undefined, isLast: true, done: () => {} };
    }
    const { blocks, isLast } = next.value;
    const { value, done } = await usableSlice(reading, this.claim, blocks);
    return { slice: value.slice, isLast, done };
  }

  async #finish({ reading, signal }: DeliveryTurn): Promise<SinkProgress> {
    this.#tally.merge(await this.#delivery.finish(signal));
    reportImbalance(reading, this.#sink, this.claim, this.#tally);
    return taken(this.#tally, this.#sink.settling?.clock, this.#proof);
  }
}

/** What is written down of a claim that a sink has taken all of: only a store with a memory and a proof has to settle. */
function taken(tally: Tally, clock: StoreClock | undefined, proof: string | undefined): SinkProgress {
  if (!clock || proof === undefined) {
    return { state: "confirmed", tally };
  }
  return { state: "delivered", storeRanMs: clock.atMostMs(), proof, tally };
}

interface ReadSlice {
  readonly slice: Slice | undefined;
  readonly isLast: boolean;
  /** To be called when the sink has the slice. */
  readonly done: () => void;
}

interface Begun {
  readonly token: string;
  readonly proof: string | undefined;
  readonly delivery: Delivery;
  readonly blocks: AsyncGenerator<ClaimBlocks>;
}

function toDeadLetters({ claims, now }: BlockReading, sink: Sink): OnRefused {
  return async (refused) => {
    for (let start = 0; start < refused.samples.length; start += SAMPLES_PER_LETTER) {
      const samples = refused.samples.slice(start, start + SAMPLES_PER_LETTER);
      await claims.burySamples(refusedFields(sink.name, now(), { ...refused, samples }));
    }
  };
}

function countSlice(tally: Tally, { claimed, skipped }: Slice): void {
  for (const [tenant, samples] of claimed) {
    tally.claim(tenant, samples);
  }
  for (const [tenant, entries] of skipped) {
    for (const [entry, samples] of entries) {
      tally.skipByEntry(tenant, entry, samples);
    }
  }
}

function reportImbalance({ logger }: BlockReading, sink: Sink, claim: ClaimState, tally: Tally): void {
  const tenants = tally.unbalancedTenants();
  if (tenants.length > 0) {
    logger.error({ sink: sink.name, claim: claim.id, tenants }, "Bug: samples of a claim are not accounted for");
  }
}
