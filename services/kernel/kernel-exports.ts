/** What the kernel's module exports; each is described where it is written, in `assembly/kernel.ts`. Addresses are bytes. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  inputAt(bytes: number): number;
  expandedAt(): number;
  readRequest(start: number, end: number, bytes: number): number;
  powersAt(): number;
  largestPower(): number;
  headAt(bytes: number): number;
  openLines(
    at: number,
    bytes: number,
    unit: number,
    nowMs: number,
    adapter: boolean,
    skipStrings: boolean,
    mostKeyBytes: number,
  ): void;
  walkLines(from: number, line: number): number;
  roomForLabels(bytes: number): number;
  addOther(bytes: number, timestampMs: number, value: number): number;
  closeLines(): void;
  readonly lineNumber: WebAssembly.Global;
  readonly skippedStrings: WebAssembly.Global;
  readonly seriesCount: WebAssembly.Global;
  readonly sampleCount: WebAssembly.Global;
  readonly metadataCount: WebAssembly.Global;
  readonly labelBytes: WebAssembly.Global;
  readonly hasOneSampleEach: WebAssembly.Global;
  seriesRow(series: number): number;
  timesAt(): number;
  valuesAt(): number;
  metadataAt(): number;
  hashKeyAt(): number;
  hashKeyBytes(): number;
  numberAll(stream: number): number;
  numberOne(stream: number, at: number, length: number): number;
  ownerAt(tenantBytes: number, serverBytes: number): number;
  sentAt(bytes: number): number;
  ruledAt(bytes: number): number;
  wantedAt(series: number): number;
  makeRecords(series: number): number;
  recordsAt(): number;
  recordRowsAt(): number;
  columnsAt(samples: number, headBytes: number): number;
  writeBlock(): number;
  readonly blockBytes: WebAssembly.Global;
  turnHalves(): void;
  forgetAll(): void;
}

/**
 * The exports of an instance, known to be those of the kernel by their names alone: the module was compiled from
 * `assembly/` in the same build.
 */
export function asKernelExports(exports: Readonly<Record<string, unknown>>): KernelExports {
  if (!isKernel(exports)) {
    throw new Error("cannot use kernel.wasm: it is not of this version; build again");
  }
  return exports;
}

function isKernel(exports: unknown): exports is KernelExports {
  return typeof exports === "object" && exports !== null && "readRequest" in exports && "openLines" in exports;
}
