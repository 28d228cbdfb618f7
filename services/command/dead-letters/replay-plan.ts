import type { DeadLetter, DeadSamples } from "../../horizon/dead-letters.ts";
import { type Block, decodeBlock, encodeBlock } from "../../shared/block.ts";
import { packRegistrations, type Registrations } from "../../shared/registrations.ts";
import { recordOf } from "../../shared/registry-record.ts";

/** What is to be put into the buffer for a dead letter. */
export interface ReplayPlan {
  readonly ok: true;
  readonly tenant: string;
  readonly samples: number;
  /** The registry generation that the block names. */
  readonly generation: number;
  readonly block: Buffer;
  /** Series to register with it. */
  readonly registrations: Registrations;
}

export type PlannedReplay = ReplayPlan | { readonly ok: false; readonly why: string };

export interface ReplayTerms {
  /** The present registry generation. */
  readonly generation: number;
  /** How many series of a block the registry does not know, each once. */
  readonly unknownSeries: (block: Block) => Promise<number>;
}

/** Says how a dead letter can be put back, or why it cannot. Changes nothing. @throws what `unknownSeries` throws. */
export async function planReplay(letter: DeadLetter, terms: ReplayTerms): Promise<PlannedReplay> {
  switch (letter.kind) {
    case "samples":
      return planSamples(letter, terms.generation);
    case "block":
      return planBlock(letter.block, terms);
    case "strange":
      return { ok: false, why: `it is not a dead letter of this version: ${letter.detail}` };
  }
}

/** The samples as a block of their own; it has the id that the series had, which is the same for ever. */
function planSamples(letter: DeadSamples, generation: number): ReplayPlan {
  const { tenant, server, namespace, seriesId, labelBytes, samples } = letter;
  const block = encodeBlock({
    owner: { tenant, server, namespace },
    generation,
    samples: {
      ids: new BigUint64Array(samples.length).fill(seriesId),
      timestampsMs: Float64Array.from(samples, ({ timestampMs }) => timestampMs),
      valueBits: BigUint64Array.from(samples, ({ bits }) => bits),
    },
  });
  // Its type is not in the letter. Where the registry knows it, that stays: a commit never makes a type unknown.
  const registrations = packRegistrations([[seriesId, recordOf(labelBytes, "unknown")]]);
  return { ok: true, tenant, samples: samples.length, generation, block, registrations };
}

/** The block as it was: its series are found in whatever generation knows them. */
async function planBlock(bytes: Buffer, { unknownSeries }: ReplayTerms): Promise<PlannedReplay> {
  const decoded = decodeBlock(bytes);
  if (!decoded.ok) {
    return { ok: false, why: `its block cannot be read, ${decoded.fault}: ${decoded.detail}` };
  }
  const { owner, generation, samples } = decoded.block;
  const unknown = await unknownSeries(decoded.block);
  if (unknown > 0) {
    const series = new Set(samples.ids).size;
    return {
      ok: false,
      why: `the registry does not know ${unknown} of its ${series} series; it will when they are sent again`,
    };
  }
  return {
    ...{ ok: true, tenant: owner.tenant, samples: samples.ids.length, generation },
    ...{ block: bytes, registrations: packRegistrations([]) },
  };
}
