import { BodyWriter } from "./body-writer.ts";
import { asHorizonExports } from "./horizon-exports.ts";
import { loadModule } from "./load-module.ts";

/** A writer of bodies on an instance of its own, compiled by `npm run build`. @throws when it has not been built. */
export function loadBodyWriter(): BodyWriter {
  const instantiate = loadModule("horizon.wasm", "cannot make the body of a request: its memory ran out");
  return new BodyWriter(asHorizonExports(instantiate()));
}
