import { readFileSync } from "node:fs";
import { BodyWriter } from "./body-writer.ts";
import { asHorizonExports } from "./horizon-exports.ts";

/** A writer of bodies on an instance of its own, compiled by `npm run build`. @throws when it has not been built. */
export function loadBodyWriter(): BodyWriter {
  const module = new WebAssembly.Module(readFileSync(new URL("horizon.wasm", import.meta.url)));
  const abort = () => {
    throw new Error("cannot make the body of a request: its memory ran out");
  };
  return new BodyWriter(asHorizonExports(new WebAssembly.Instance(module, { env: { abort } }).exports));
}
