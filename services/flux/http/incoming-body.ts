import type { Readable } from "node:stream";
import type { Refusal } from "../reasons.ts";
import { GrowingBuffer } from "./growing-buffer.ts";
import type { Memory } from "./memory-budget.ts";

/** A body that has arrived, or why it has not. */
export type ReadBody = { readonly ok: true; readonly body: Buffer } | Refusal;

/** What a body needs of its request. */
export type BodyStream = Readable & {
  readonly headers: {
    readonly "content-length"?: string | undefined;
    readonly "transfer-encoding"?: string | undefined;
  };
};

/** The body of a request, of which nothing is read until somebody asks. */
export class IncomingBody {
  readonly #stream: BodyStream;
  readonly #memory: Memory;
  #reading: Promise<ReadBody> | undefined;
  #cut: Refusal | undefined;
  #onCut: (refusal: Refusal) => void = ignore;
  #isForgotten = false;
  #isWhole = false;

  /** @param memory where the body's bytes are taken from before they are read. */
  constructor(stream: BodyStream, memory: Memory) {
    this.#stream = stream;
    this.#memory = memory;
  }

  /** Whether the rest of the body was given up. */
  get isCut(): boolean {
    return this.#cut !== undefined;
  }

  /** Bytes that have not been read, as far as the headers tell: infinite for a body without a length. */
  get unreadBytes(): number {
    if (this.#isWhole || this.#stream.readableEnded) {
      return 0;
    }
    const { "content-length": length, "transfer-encoding": encoding } = this.#stream.headers;
    return encoding === undefined ? Number(length ?? 0) : Number.POSITIVE_INFINITY;
  }

  /**
   * Reads the body, of at most `maxBytes`. A declared length is checked, and its memory taken, before anything is read;
   * a body that turns out longer is left where it stands. Once it is whole, further calls give the same bytes.
   * @throws when the body was forgotten.
   */
  async read(maxBytes: number): Promise<ReadBody> {
    if (this.#isForgotten) {
      throw new Error("cannot read a body that was forgotten");
    }
    const declared = this.#stream.headers["content-length"];
    if (declared !== undefined && Number(declared) > maxBytes) {
      return tooLarge(`${declared} bytes`, maxBytes);
    }
    this.#reading ??= this.#gather(maxBytes);
    const read = await this.#reading;
    return read.ok && read.body.length > maxBytes ? tooLarge(`${read.body.length} bytes`, maxBytes) : read;
  }

  /** Gives up what has not arrived: whoever reads the body gets this refusal. Does nothing to a body that is whole. */
  cut(refusal: Refusal): void {
    if (this.#cut === undefined && !this.#isWhole && !this.#stream.readableEnded) {
      this.#cut = refusal;
      this.#onCut(refusal);
    }
  }

  /** Lets go of the bytes that were read: a connection that is kept keeps its latest request, and with it this object. */
  forget(): void {
    this.#isForgotten = true;
    this.#reading = undefined;
    this.#onCut = ignore;
  }

  /** Throws away what is still to come, so that the connection can carry the next request. */
  discard(): void {
    this.#stream.resume();
  }

  async #gather(maxBytes: number): Promise<ReadBody> {
    if (this.#cut) {
      return this.#cut;
    }
    if (this.#stream.destroyed) {
      return incomplete(0);
    }
    const buffer = new GrowingBuffer(this.#memory, maxBytes);
    const declaredBytes = Number(this.#stream.headers["content-length"] ?? 0);
    const room = buffer.reserve(declaredBytes);
    if (!room.ok) {
      return room;
    }
    return this.#readAtOnce(declaredBytes) ?? this.#fill(buffer, maxBytes);
  }

  /** A body that came in one read of its connection, as most do, is taken as it lies there. */
  #readAtOnce(declaredBytes: number): ReadBody | undefined {
    if (declaredBytes === 0 || this.#stream.readableLength !== declaredBytes) {
      return undefined;
    }
    const body: Buffer | null = this.#stream.read();
    this.#isWhole = body !== null;
    return body === null ? undefined : { ok: true, body };
  }

  #fill(buffer: GrowingBuffer, maxBytes: number): Promise<ReadBody> {
    const stream = this.#stream;
    return new Promise((resolve) => {
      const end = (read: ReadBody) => {
        stream.off("data", onData).off("end", onEnd).off("close", onClose);
        stream.pause();
        resolve(read);
      };
      const onData = (chunk: Buffer) => {
        const isTooLarge = buffer.length + chunk.length > maxBytes;
        const refusal = isTooLarge ? tooLarge(`more than ${maxBytes} bytes`, maxBytes) : buffer.add(chunk);
        if (refusal) {
          end(refusal);
        }
      };
      const onEnd = () => end({ ok: true, body: buffer.finish() });
      const onClose = () => end(incomplete(buffer.length));
      this.#onCut = end;
      stream.on("data", onData).on("end", onEnd).on("close", onClose);
    });
  }
}

function ignore(): void {}

function incomplete(length: number): Refusal {
  return { ok: false, code: "body_incomplete", detail: `the body ended after ${length} bytes` };
}

function tooLarge(actual: string, maxBytes: number): Refusal {
  return {
    ok: false,
    code: "body_too_large",
    detail: `the body has ${actual}, at most ${maxBytes} are taken (FLUX_MAX_BODY_BYTES)`,
  };
}
