import { createHash } from "node:crypto";
import type { BlockOwner } from "../shared/block.ts";
import { decodeLabels } from "../shared/label-bytes.ts";
import { formatSeriesId, type LabelSet, labelValue, SERVER_LABEL, type SeriesId } from "../shared/series.ts";
import type { SinkName } from "./claim-state.ts";
import { labelBytesOf, labelsOf } from "./known-series.ts";
import type { DeadBlockReason, DeadReason } from "./reasons.ts";
import type { RefusedSample, RefusedSamples } from "./sinks/sink.ts";

/*
 * A dead letter: fields of an entry of the stream horizon.dead_letters.{flux:N}, text unless said otherwise.
 *
 *   mark        the same for letters that say the same, so that a delivery that is repeated leaves one
 *   bytes       what the letter counts against HORIZON_DEAD_LETTERS_BYTES
 *   block       of a block alone: its bytes, as they were
 *   reason      dead-letter reasons of `reasons.ts`
 *   at_ms       when it was written, in ms since 1970
 *   tenant, server      empty where a block does not say
 *   namespace, sink     of refused samples alone, as all that follow
 *   detail      the store's own words
 *   series_id   16 hexadecimal digits
 *   labels      label bytes (`label-bytes.ts`)
 *   samples     JSON: [timestamp in ms, 64 bits of the value in hexadecimal], …
 *
 * `mark`, `bytes` and `block` stand first and in this order: the scripts find them by their places.
 */

/** Names and values in turns, as XADD takes them. */
export type LetterFields = readonly (string | Buffer)[];

/**
 * What a letter takes of Redis' memory, measured and rounded up: its fields in pieces that are up to a quarter larger,
 * and beside them its id, its mark, and what keeps them in order.
 */
const MEMORY_PER_BYTE = 1.25;
const OVERHEAD_BYTES = 512;
const MARK_DIGITS = 32;

/** A block that cannot be used. @param owner undefined where the block does not say. */
export function deadBlockFields(
  block: Buffer,
  reason: DeadBlockReason,
  atMs: number,
  owner: BlockOwner | undefined,
): LetterFields {
  const said = ["reason", reason, "at_ms", String(atMs), "tenant", owner?.tenant ?? "", "server", owner?.server ?? ""];
  return letterOf([reason, block], ["block", block, ...said]);
}

/** Samples of one series that a store refuses. */
export function refusedFields(sink: SinkName, atMs: number, refused: RefusedSamples): LetterFields {
  const reason: DeadReason = "refused_by_store";
  const { tenant, namespace, detail, series } = refused;
  const server = labelValue(labelsOf(series), SERVER_LABEL) ?? "";
  const samples = JSON.stringify(refused.samples.map(({ timestampMs, bits }) => [timestampMs, formatBits(bits)]));
  const labels = labelBytesOf(series);
  return letterOf(
    [reason, sink, tenant, namespace, series.idText, labels, samples],
    [
      ...["reason", reason, "at_ms", String(atMs), "tenant", tenant, "server", server, "namespace", namespace],
      ...["sink", sink, "detail", detail, "series_id", series.idText, "labels", labels, "samples", samples],
    ],
  );
}

/** @param same what makes two letters the same one. */
function letterOf(same: LetterFields, fields: LetterFields): LetterFields {
  const digest = createHash("sha256");
  for (const part of same) {
    digest.update(`${part.length} `).update(part);
  }
  const mark = digest.digest("hex").slice(0, MARK_DIGITS);
  const fieldBytes = fields.reduce((sum, field) => sum + Buffer.byteLength(field), 0);
  const bytes = Math.ceil(fieldBytes * MEMORY_PER_BYTE) + OVERHEAD_BYTES;
  return ["mark", mark, "bytes", String(bytes), ...fields];
}

/** What every letter says. */
interface LetterHead {
  /** Counted against HORIZON_DEAD_LETTERS_BYTES. */
  readonly bytes: number;
  readonly reason: string;
  readonly atMs: number;
  /** Empty where that is not known. */
  readonly tenant: string;
  readonly server: string;
}

/** Samples of one series that a store has refused. */
export interface DeadSamples extends LetterHead {
  readonly kind: "samples";
  readonly namespace: string;
  readonly sink: string;
  readonly detail: string;
  readonly seriesId: SeriesId;
  readonly labelBytes: Buffer;
  readonly labels: LabelSet;
  readonly samples: readonly RefusedSample[];
}

/** A block that could not be used. */
export interface DeadBlock extends LetterHead {
  readonly kind: "block";
  readonly block: Buffer;
}

/** An entry that is not of the form that is written here. */
export interface StrangeLetter extends LetterHead {
  readonly kind: "strange";
  readonly detail: string;
}

export type DeadLetter = DeadSamples | DeadBlock | StrangeLetter;

/** Reads the fields of a dead letter. Never throws: what is wrong with them is in the answer. */
export function parseDeadLetter(fields: readonly Buffer[]): DeadLetter {
  const values = new Map<string, Buffer>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    values.set(String(fields[i]), fields[i + 1] ?? Buffer.alloc(0));
  }
  const text = (name: string) => values.get(name)?.toString() ?? "";
  const head: LetterHead = {
    bytes: Number(text("bytes")),
    reason: text("reason"),
    atMs: Number(text("at_ms")),
    tenant: text("tenant"),
    server: text("server"),
  };
  const block = values.get("block");
  if (block) {
    return { kind: "block", ...head, block };
  }
  const labelBytes = values.get("labels") ?? Buffer.alloc(0);
  const labels = decodeLabels(labelBytes) ?? [];
  const samples = parseSamples(text("samples"));
  const seriesId = text("series_id");
  if (labels.length === 0 || !samples || !/^[0-9a-f]{16}$/.test(seriesId)) {
    return { kind: "strange", ...head, detail: `its fields are ${[...values.keys()].join(", ").slice(0, 200)}` };
  }
  return {
    ...{ kind: "samples", ...head, namespace: text("namespace"), sink: text("sink"), detail: text("detail") },
    ...{ seriesId: BigInt(`0x${seriesId}`), labelBytes, labels, samples },
  };
}

function parseSamples(text: string): RefusedSample[] | undefined {
  const parsed = parseJson(text);
  const samples: RefusedSample[] = [];
  for (const pair of Array.isArray(parsed) ? parsed : [undefined]) {
    const [timestampMs, bits]: unknown[] = Array.isArray(pair) ? pair : [];
    if (!Number.isSafeInteger(timestampMs) || typeof bits !== "string" || !/^[0-9a-f]{16}$/.test(bits)) {
      return undefined;
    }
    samples.push({ timestampMs: Number(timestampMs), bits: BigInt(`0x${bits}`) });
  }
  return samples;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

/** As series ids are written, which have as many bits. */
const formatBits = formatSeriesId;
