import type { DecodedWriteRequest } from "./codec.ts";
import type { KernelExports } from "./kernel-exports.ts";
import { type LinePlace, type LineTerms, type PlainLines, type PlainRequest, TIME_UNITS } from "./line-codec.ts";

/** Does some work of the kernel. @returns undefined where the instance has failed, or had before. */
export type Attempt = <Result>(work: (kernel: KernelExports) => Result) => Result | undefined;

/** A body of line protocol in the kernel's memory. */
export class KernelLines implements PlainLines {
  readonly #attempt: Attempt;
  readonly #decode: () => DecodedWriteRequest;
  #isOpen = true;

  /** @param decode gives the rows that are in the kernel as a request. */
  constructor(body: Buffer, terms: LineTerms, attempt: Attempt, decode: () => DecodedWriteRequest) {
    this.#attempt = attempt;
    this.#decode = decode;
    this.#try((kernel) => open(kernel, body, terms));
  }

  walk({ position, lineNumber }: LinePlace): LinePlace | undefined {
    return this.#try((kernel) => ({
      position: kernel.walkLines(position, lineNumber),
      lineNumber: kernel.lineNumber.value,
    }));
  }

  add(rawLabels: string, timestampMs: number, value: number): void {
    const isAdded = this.#try((kernel) => {
      const at = kernel.roomForLabels(rawLabels.length);
      if (at === 0) {
        return false;
      }
      Buffer.from(kernel.memory.buffer, at, rawLabels.length).write(rawLabels, "latin1");
      return kernel.addOther(rawLabels.length, timestampMs, value) !== 0;
    });
    this.#isOpen &&= isAdded === true;
  }

  finish(): PlainRequest | undefined {
    return this.#try((kernel) => {
      kernel.closeLines();
      return { request: this.#decode(), skippedStrings: kernel.skippedStrings.value };
    });
  }

  #try<Result>(work: (kernel: KernelExports) => Result): Result | undefined {
    const result = this.#isOpen ? this.#attempt((kernel) => ({ done: work(kernel) })) : undefined;
    this.#isOpen = result !== undefined;
    return result?.done;
  }
}

function open(kernel: KernelExports, body: Buffer, terms: LineTerms): void {
  const { unit, nowMs, isAdapter, skipsStrings, head, maxLabelBytes } = terms;
  const at = kernel.inputAt(body.length);
  const headAt = kernel.headAt(head.length);
  new Uint8Array(kernel.memory.buffer, at, body.length).set(body);
  new Uint8Array(kernel.memory.buffer, headAt, head.length).set(head);
  const unitNumber = TIME_UNITS.indexOf(unit);
  kernel.openLines(at, body.length, unitNumber, nowMs, isAdapter, skipsStrings, maxLabelBytes);
}
