import { type BlockEncoder, type BlockHead, type FillColumns, plainBlockEncoder } from "../shared/block-encoder.ts";
import {
  type Codec,
  type DecodedLabels,
  type DecodedWriteRequest,
  type RawSeries,
  RECORD_ROW_WORDS,
  type ReadWriteRequest,
  type SeriesRecords,
  type SeriesTerms,
} from "./codec.ts";
import { encodeInKernel } from "./kernel-blocks.ts";
import type { KernelExports } from "./kernel-exports.ts";
import { KernelLines } from "./kernel-lines.ts";
import { KernelSeries, KernelSeriesList, type RequestAtHand, SERIES_WORDS } from "./kernel-series.ts";
import type { LineCodec, LineTerms, PlainLines } from "./line-codec.ts";
import { MetadataReader } from "./metadata-reader.ts";
import { powersOfFive } from "./powers-of-five.ts";
import type { SeriesIndex } from "./series-index.ts";
import { readSnappyHead, type SnappyHead } from "./snappy-scan.ts";

/** `READ` of `assembly/faults.ts`. */
const READ = 0;

export interface KernelOptions {
  /** Makes an instance of the module. Called at once, and again when an instance has failed. */
  readonly instantiate: () => KernelExports;
  /** Reads what the kernel does not. */
  readonly reference: Codec;
  /** Fills bytes with random ones that nobody can foretell. */
  readonly fillRandom: (bytes: Uint8Array) => void;
  /** Told when an instance has failed and was thrown away. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * The codec and the series index in WebAssembly (`assembly/`, docs/kernel.md). It reads what senders send all day; what
 * it does not take, for whatever reason, the reference codec reads, which has the words for what is wrong.
 *
 * It holds one request at a time: the labels of a request can be asked for until the next one is read.
 */
export class Kernel implements Codec, LineCodec, SeriesIndex, BlockEncoder {
  readonly #options: KernelOptions;
  #exports: KernelExports;
  #incarnation = 0;
  #atHand: { readonly request: RequestAtHand; readonly decoded: DecodedWriteRequest } | undefined;
  #termsAtHand: SeriesTerms | undefined;

  constructor(options: KernelOptions) {
    this.#options = options;
    this.#exports = this.#start();
  }

  decodeLabels(rawLabels: string): DecodedLabels {
    return this.#options.reference.decodeLabels(rawLabels);
  }

  readWriteRequest(body: Buffer, maxBytes: number): ReadWriteRequest {
    const head = readSnappyHead(body);
    this.#atHand = undefined;
    return head && head.uncompressedBytes <= maxBytes && this.#take(body, head)
      ? { ok: true, request: this.#decode(head.uncompressedBytes) }
      : this.#options.reference.readWriteRequest(body, maxBytes);
  }

  recordsOf(request: DecodedWriteRequest, positions: readonly number[], terms: SeriesTerms): SeriesRecords | undefined {
    return this.#guard((kernel) => {
      if (!this.#placeTerms(kernel, terms)) {
        return undefined;
      }
      this.#placeWanted(kernel, request, positions);
      const bytes = kernel.makeRecords(positions.length);
      const { buffer } = kernel.memory;
      return {
        bytes: Buffer.from(new Uint8Array(buffer, kernel.recordsAt(), bytes)),
        rows: new Int32Array(buffer, kernel.recordRowsAt(), positions.length * RECORD_ROW_WORDS).slice(),
      };
    });
  }

  openLines(body: Buffer, terms: LineTerms): PlainLines {
    this.#atHand = undefined;
    const incarnation = this.#incarnation;
    return new KernelLines(
      body,
      terms,
      (work) => (incarnation === this.#incarnation ? this.#attempt(work) : undefined),
      () => this.#decode(0, terms.labelsOf),
    );
  }

  encodeBlock(head: BlockHead, count: number, fill: FillColumns): Buffer {
    return (
      this.#attempt((kernel) => encodeInKernel(kernel, head, count, fill)) ??
      plainBlockEncoder.encodeBlock(head, count, fill)
    );
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  numberAll(stream: number, request: DecodedWriteRequest): Int32Array {
    if (request === this.#atHand?.decoded) {
      return this.#guard((kernel) => findings(kernel, kernel.numberAll(stream), kernel.seriesCount.value));
    }
    const all = new Int32Array(2 * request.series.length);
    for (const [position, series] of request.series.entries()) {
      all.set(this.numberOne(stream, series), 2 * position);
    }
    return all;
  }

  numberOne(stream: number, series: RawSeries): Int32Array {
    return this.#guard((kernel) => {
      const { at, bytes } = this.#place(kernel, series);
      return findings(kernel, kernel.numberOne(stream, at, bytes), 1);
    });
  }

  turnHalves(): void {
    this.#guard((kernel) => kernel.turnHalves());
  }

  forgetAll(): void {
    this.#guard((kernel) => kernel.forgetAll());
  }

  #start(): KernelExports {
    const kernel = this.#options.instantiate();
    this.#options.fillRandom(new Uint8Array(kernel.memory.buffer, kernel.hashKeyAt(), kernel.hashKeyBytes()));
    const powers = powersOfFive(kernel.largestPower());
    new BigUint64Array(kernel.memory.buffer, kernel.powersAt(), powers.length).set(powers);
    return kernel;
  }

  /** An instance that has trapped cannot be trusted again. Everything that it knew is forgotten. */
  #startAgain(error: unknown): void {
    this.#atHand = undefined;
    this.#termsAtHand = undefined;
    this.#exports = this.#start();
    this.#incarnation++;
    this.#options.onFailure(error);
  }

  #guard<Result>(work: (kernel: KernelExports) => Result): Result {
    try {
      return work(this.#exports);
    } catch (error) {
      this.#startAgain(error);
      throw error;
    }
  }

  /** @returns undefined when the instance has failed. */
  #attempt<Result>(work: (kernel: KernelExports) => Result): Result | undefined {
    try {
      return work(this.#exports);
    } catch (error) {
      this.#startAgain(error);
      return undefined;
    }
  }

  /** @returns whether the kernel could read the body. */
  #take(body: Buffer, { start, uncompressedBytes }: SnappyHead): boolean {
    const read = this.#attempt((kernel) => {
      const at = kernel.inputAt(body.length);
      new Uint8Array(kernel.memory.buffer, at, body.length).set(body);
      return kernel.readRequest(start, body.length, uncompressedBytes);
    });
    return read === READ;
  }

  /**
   * What the kernel has read, copied out but for the labels.
   * @param labelsOf the label fields of what a series is recognised by, where these are not the same.
   */
  #decode(expandedBytes: number, labelsOf = latin1Of): DecodedWriteRequest {
    const kernel = this.#exports;
    const { buffer } = kernel.memory;
    const samples = kernel.sampleCount.value;
    const request: RequestAtHand = {
      holdsLabels: labelsOf === latin1Of,
      readRows: () => this.#rowsOf(request).slice(),
      readLabels: (at, length) => labelsOf(this.#labelsAt(request, at, length)),
    };
    const decoded: DecodedWriteRequest = {
      series: new KernelSeriesList(request, kernel.seriesCount.value),
      hasOneSampleEach: Boolean(kernel.hasOneSampleEach.value),
      labelBytes: kernel.labelBytes.value,
      timestampsMs: new Float64Array(buffer, kernel.timesAt(), samples).slice(),
      valueBits: new BigUint64Array(buffer, kernel.valuesAt(), samples).slice(),
      ...readMetadata(kernel, expandedBytes),
    };
    this.#atHand = { request, decoded };
    return decoded;
  }

  #rowsOf(request: RequestAtHand): Uint32Array {
    this.#mustBeAtHand(request);
    const kernel = this.#exports;
    return new Uint32Array(kernel.memory.buffer, kernel.seriesRow(0), kernel.seriesCount.value * SERIES_WORDS);
  }

  #labelsAt(request: RequestAtHand, at: number, length: number): Buffer {
    this.#mustBeAtHand(request);
    return Buffer.from(this.#exports.memory.buffer, at, length);
  }

  #mustBeAtHand(request: RequestAtHand): void {
    if (this.#atHand?.request !== request) {
      throw new Error("cannot read the labels of a series: the kernel has read another request since");
    }
  }

  /** Puts the terms into the kernel's memory, unless they are there from the series before. @returns whether it can. */
  #placeTerms(kernel: KernelExports, terms: SeriesTerms): boolean {
    if (terms === this.#termsAtHand) {
      return true;
    }
    const { tenant, server, ruledLabels } = terms;
    // Of labels that are not ASCII the kernel knows nothing: it leaves them to the host anyway.
    const ruled = ruledLabels.map((name) => Buffer.from(name)).filter((name) => name.every((byte) => byte < 0x80));
    if (ruled.some(({ length }) => length > 255)) {
      return false;
    }
    const ownerAt = kernel.ownerAt(tenant.length, server.length);
    Buffer.from(kernel.memory.buffer, ownerAt, tenant.length + server.length).write(tenant + server, "latin1");
    const lengthAndName = Buffer.concat(ruled.flatMap((name) => [Buffer.of(name.length), name]));
    const ruledAt = kernel.ruledAt(lengthAndName.length);
    Buffer.from(kernel.memory.buffer, ruledAt, lengthAndName.length).set(lengthAndName);
    this.#termsAtHand = terms;
    return true;
  }

  /** Tells the kernel where the label fields of series are; they are put into its memory if they are not there. */
  #placeWanted(kernel: KernelExports, request: DecodedWriteRequest, positions: readonly number[]): void {
    const at = kernel.wantedAt(positions.length);
    const atHand = this.#atHand;
    if (atHand?.decoded === request && atHand.request.holdsLabels) {
      const rows = this.#rowsOf(atHand.request);
      const wanted = new Uint32Array(kernel.memory.buffer, at, 2 * positions.length);
      for (let i = 0; i < positions.length; i++) {
        const row = (positions[i] ?? 0) * SERIES_WORDS;
        wanted[2 * i] = rows[row] ?? 0;
        wanted[2 * i + 1] = rows[row + 1] ?? 0;
      }
      return;
    }
    const texts = positions.map((position) => request.series.at(position)?.rawLabels ?? "");
    let { at: sentAt } = placeText(kernel, texts.join(""), (bytes) => kernel.sentAt(bytes));
    const wanted = new Uint32Array(kernel.memory.buffer, at, 2 * positions.length);
    for (const [i, { length }] of texts.entries()) {
      wanted.set([sentAt, length], 2 * i);
      sentAt += length;
    }
  }

  /** Where the label bytes of a series are in the kernel's memory; they are put there if they are not yet. */
  #place(kernel: KernelExports, series: RawSeries): Place {
    return series instanceof KernelSeries && series.request === this.#atHand?.request
      ? { at: series.labelsAt, bytes: series.labelBytes }
      : placeText(kernel, series.rawLabels, (bytes) => kernel.inputAt(bytes));
  }
}

/** Where bytes are in the kernel's memory. */
interface Place {
  readonly at: number;
  readonly bytes: number;
}

function placeText(kernel: KernelExports, latin1: string, roomFor: (bytes: number) => number): Place {
  const at = roomFor(latin1.length);
  Buffer.from(kernel.memory.buffer, at, latin1.length).write(latin1, "latin1");
  return { at, bytes: latin1.length };
}

function latin1Of(bytes: Buffer): string {
  return bytes.toString("latin1");
}

/** The findings at an address, two words for each series, until the kernel is called again. */
function findings({ memory }: KernelExports, at: number, count: number): Int32Array {
  return new Int32Array(memory.buffer, at, 2 * count);
}

function readMetadata(
  kernel: KernelExports,
  expandedBytes: number,
): Pick<DecodedWriteRequest, "metadata" | "unreadMetadata"> {
  const start = kernel.expandedAt();
  const reader = new MetadataReader(Buffer.from(kernel.memory.buffer, start, expandedBytes));
  const ends = new Uint32Array(kernel.memory.buffer, kernel.metadataAt(), 2 * kernel.metadataCount.value);
  for (let i = 0; i < ends.length; i += 2) {
    reader.add((ends[i] ?? 0) - start, (ends[i + 1] ?? 0) - start);
  }
  return reader.finish();
}
