import type { Redis } from "ioredis";
import { encodeBlock } from "../../../../services/shared/block.ts";
import type { ShardKeys } from "../../../../services/shared/buffer-keys.ts";
import { GENERATION_MS, generationAt } from "../../../../services/shared/generation.ts";
import type { BlockSpec, BufferFiller, SampleSpec } from "../buffer-filler.ts";
import { type Operation, PARK_MS } from "./operations.ts";
import type { KnownBlock, Truth } from "./truth.ts";

export interface ModelFluxOptions {
  readonly redis: Redis;
  readonly keys: ShardKeys;
  readonly filler: BufferFiller;
  readonly truth: Truth;
  readonly now: () => number;
}

/**
 * Writes to the buffer as Flux does: a series is registered once in each generation, and again only when Redis has
 * another epoch than Flux believes in.
 */
export class ModelFlux {
  readonly #options: ModelFluxOptions;
  readonly #registered = new Set<string>();
  #epoch: string | null = null;
  #sent = 0;

  constructor(options: ModelFluxOptions) {
    this.#options = options;
  }

  async send({ tenant, names }: Extract<Operation, { does: "send" }>): Promise<void> {
    const spec = this.#blockOf(tenant, names);
    this.#options.truth.add(spec, true);
    await this.#commit(spec);
  }

  /** Sends a block of which one series is nowhere registered. */
  async sendUnregistered(tenant: string): Promise<void> {
    const spec = this.#blockOf(tenant, ["plain", `lost${this.#sent}`]);
    this.#options.truth.add(spec, false);
    await this.#options.filler.writeUnregistered(spec);
  }

  /** Puts a block among the others that cannot be read. */
  async sendDamaged(fault: "unknown_version" | "checksum_mismatch" | "malformed"): Promise<void> {
    const samples = { ids: new BigUint64Array(), timestampsMs: new Float64Array(), valueBits: new BigUint64Array() };
    const owner = { tenant: `damaged${this.#sent++}`, server: "s1", namespace: "ns" };
    const bytes = encodeBlock({ owner, generation: 1, samples });
    if (fault === "unknown_version") {
      bytes[0] = 99;
    } else if (fault === "checksum_mismatch") {
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    }
    const written = fault === "malformed" ? Buffer.from([1, 1, this.#sent]) : bytes;
    this.#options.truth.damaged.add(written.toString("hex"));
    await this.#options.filler.writeBytes(written);
  }

  /** Sends a block once more; of its generation, as a retry is. */
  async sendAgain(pick: number): Promise<void> {
    const current = this.#generation();
    const known = this.#options.truth.blocks.filter(
      ({ spec, cameRegistered }) => cameRegistered && spec.generation === current,
    );
    const block = known[pick % Math.max(1, known.length)];
    if (!block) {
      return;
    }
    const { redis, keys } = this.#options;
    const before = await redis.scard(keys.blocks);
    await this.#commit(block.spec);
    if ((await redis.scard(keys.blocks)) > before) {
      for (const sample of block.samples) {
        sample.added++;
      }
    }
  }

  /** Registers the series of a block that waits for that. */
  async register(pick: number, isWatched: boolean): Promise<void> {
    const waiting = this.#options.truth.blocks.filter(({ registered }) => registered === "no");
    const block: KnownBlock | undefined = waiting[pick % Math.max(1, waiting.length)];
    if (block) {
      block.registered = isWatched || this.#mayBeGivenUp(block) ? "unsure" : "yes";
      await this.#options.filler.register({ ...block.spec, generation: this.#generation() });
    }
  }

  /** Whether it was sent so long ago that Horizon, whose clocks differ, may not wait for its series any more. */
  #mayBeGivenUp({ spec }: KnownBlock): boolean {
    const sentAtMs = Math.min(...spec.samples.map(([, timestampMs]) => timestampMs));
    return this.#options.now() - sentAtMs >= PARK_MS / 2;
  }

  async #commit(spec: BlockSpec): Promise<void> {
    const { redis, keys, filler } = this.#options;
    const epoch = await redis.get(keys.epoch);
    if (epoch !== this.#epoch) {
      this.#registered.clear();
    }
    const series = spec.samples.map(([labels]) => `${spec.generation} ${filler.idOf(spec, labels)}`);
    await (series.every((one) => this.#registered.has(one)) ? filler.writeUnregistered(spec) : filler.write(spec));
    this.#epoch = await redis.get(keys.epoch);
    for (const one of series) {
      this.#registered.add(one);
    }
  }

  #blockOf(tenant: string, names: readonly string[]): BlockSpec {
    const samples = names.map((name): SampleSpec => {
      const number = this.#sent++;
      return [{ __name__: name }, this.#options.now() + number, number + 0.1];
    });
    return { tenant, generation: this.#generation(), samples };
  }

  /** In the first minute of an hour, requests are still written that came in the last. */
  #generation(): number {
    const nowMs = this.#options.now();
    const isLate = nowMs % GENERATION_MS < 60_000 && this.#sent % 2 === 0;
    return generationAt(nowMs) - (isLate ? 1 : 0);
  }
}
