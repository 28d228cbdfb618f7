import { bitsOf } from "../../../support/special-values.ts";
import type { BlockSpec, BufferFiller, SampleSpec } from "../buffer-filler.ts";
import { SKIPPED_NAME, type StoreName } from "./operations.ts";

/** One sample that Flux has acknowledged. */
export interface KnownSample {
  readonly key: string;
  readonly tenant: string;
  readonly name: string;
  /** How often its block became a block of the buffer: sent again when Horizon had claimed it, it is there again. */
  added: number;
  /** Whether SKIP_LIST named its series, and did not, at any time since it came. */
  wasSkipped: boolean;
  wasKept: boolean;
  readonly refusedBy: Set<StoreName>;
  readonly block: Pick<KnownBlock, "cameRegistered">;
}

/** One block that Flux has written. */
export interface KnownBlock {
  readonly spec: BlockSpec;
  readonly samples: KnownSample[];
  /** Whether the registry knew its series when it came. */
  readonly cameRegistered: boolean;
  /** `unsure`: registered while a cycle was looking. */
  registered: "no" | "unsure" | "yes";
}

/** What was acknowledged, kept in memory: all that the stores may hold, and must in the end. */
export class Truth {
  readonly samples = new Map<string, KnownSample>();
  readonly blocks: KnownBlock[] = [];
  /** Blocks that cannot be read, as hexadecimal text. */
  readonly damaged = new Set<string>();
  readonly hasCap: boolean;
  readonly #filler: BufferFiller;
  #skips = false;

  /** @param hasCap whether Horizon may discard what waits for too long. */
  constructor(filler: BufferFiller, hasCap: boolean) {
    this.#filler = filler;
    this.hasCap = hasCap;
  }

  /** Notes a block of samples that nobody has sent before. */
  add(spec: BlockSpec, isRegistered: boolean): KnownBlock {
    const block: KnownBlock = {
      ...{ spec, samples: [], cameRegistered: isRegistered },
      registered: isRegistered ? "yes" : "no",
    };
    for (const sample of spec.samples) {
      block.samples.push(this.#sampleOf(block, sample));
    }
    this.blocks.push(block);
    return block;
  }

  /** SKIP_LIST is another from now on. */
  reload(skips: boolean): void {
    this.#skips = skips;
    for (const sample of this.samples.values()) {
      this.#noteSkip(sample);
    }
  }

  #sampleOf(block: KnownBlock, [labels, timestampMs, value]: SampleSpec): KnownSample {
    const bits = typeof value === "bigint" ? value : bitsOf(value);
    const sample: KnownSample = {
      key: sampleKey(this.#filler.idOf(block.spec, labels), timestampMs, bits),
      tenant: block.spec.tenant ?? "t1",
      name: labels["__name__"] ?? "",
      ...{ added: 1, wasSkipped: false, wasKept: false, refusedBy: new Set<StoreName>(), block },
    };
    this.#noteSkip(sample);
    this.samples.set(sample.key, sample);
    return sample;
  }

  #noteSkip(sample: KnownSample): void {
    const isSkipped = this.#skips && sample.name === SKIPPED_NAME;
    sample.wasSkipped ||= isSkipped;
    sample.wasKept ||= !isSkipped;
  }
}

/** What tells a sample from every other, its value included. */
export function sampleKey(seriesId: string, timestampMs: number, bits: bigint): string {
  return `${seriesId} ${timestampMs} ${bits.toString(16).padStart(16, "0")}`;
}
