import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Codec } from "./codec.ts";
import { Kernel } from "./kernel.ts";
import { asKernelExports, type KernelExports } from "./kernel-exports.ts";
import { referenceCodec } from "./reference.ts";

/**
 * The kernel, compiled from `assembly/` by `npm run build`.
 * @param onFailure told when an instance has failed and another was started. @param reference reads what it does not.
 * @throws when it has not been built.
 */
export function loadKernel(onFailure: (error: unknown) => void, reference: Codec = referenceCodec): Kernel {
  return new Kernel({
    instantiate: kernelInstances(),
    reference,
    fillRandom: (bytes) => webcrypto.getRandomValues(bytes),
    onFailure,
  });
}

/** Makes instances of the module. @throws when it has not been built. */
export function kernelInstances(): () => KernelExports {
  const module = new WebAssembly.Module(readFileSync(new URL("kernel.wasm", import.meta.url)));
  const abort = () => {
    throw new Error("the kernel ran out of memory");
  };
  return () => asKernelExports(new WebAssembly.Instance(module, { env: { abort } }).exports);
}
