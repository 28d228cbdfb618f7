import { webcrypto } from "node:crypto";
import type { Codec } from "./codec.ts";
import { Kernel } from "./kernel.ts";
import { asKernelExports, type KernelExports } from "./kernel-exports.ts";
import { loadModule } from "./load-module.ts";
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
  const instantiate = loadModule("kernel.wasm", "the kernel ran out of memory");
  return () => asKernelExports(instantiate());
}
