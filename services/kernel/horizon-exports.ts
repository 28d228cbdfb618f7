/** What Horizon's module exports; each is described where it is written, below `assembly/`. Addresses are bytes. */
export interface HorizonExports {
  readonly memory: WebAssembly.Memory;
  labelsAt(bytes: number): number;
  seriesAt(count: number): number;
  timesAt(count: number): number;
  valuesAt(count: number): number;
  writeBody(seriesCount: number): number;
  blockAt(bytes: number): number;
  blockChecksum(bytes: number): number;
  readonly bodyBytes: WebAssembly.Global;
}

/** The exports of an instance, known by their names alone: the module was compiled from `assembly/` in the same build. */
export function asHorizonExports(exports: Readonly<Record<string, unknown>>): HorizonExports {
  if (!isOfHorizon(exports)) {
    throw new Error("cannot use horizon.wasm: it is not of this version; build again");
  }
  return exports;
}

function isOfHorizon(exports: unknown): exports is HorizonExports {
  return typeof exports === "object" && exports !== null && "blockChecksum" in exports;
}
