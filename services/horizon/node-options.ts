/**
 * Options of Node under which Horizon takes the least memory. Blocks, slices and bodies lie outside of V8's heap, and only a
 * collection frees them: with a young generation of 4 MB instead of 16 it comes before much has gathered.
 */
export const HORIZON_NODE_OPTIONS = ["--max-semi-space-size=4"] as const;

/** An option of V8 that is set once Horizon runs: the old generation may grow by half, and not to twice what it was and more. */
export const HORIZON_V8_OPTION = "--heap-growing-percent=50";
