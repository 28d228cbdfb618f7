import { readFileSync } from "node:fs";

/**
 * Loads a module that `npm run build` has compiled into this folder. @returns what makes instances of it.
 * @param outOfMemory what the error says that an instance throws which finds no more memory.
 * @throws when it has not been built.
 */
export function loadModule(file: string, outOfMemory: string): () => WebAssembly.Instance["exports"] {
  const module = new WebAssembly.Module(readFileSync(new URL(file, import.meta.url)));
  const abort = () => {
    throw new Error(outOfMemory);
  };
  return () => new WebAssembly.Instance(module, { env: { abort } }).exports;
}
