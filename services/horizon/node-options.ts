/**
 * Options of Node under which Horizon takes the least memory and time. Blocks, slices and bodies lie outside of V8's heap, and
 * only a collection frees them: with a young generation of 4 MB instead of 16 it comes before much has gathered. The heap is
 * 30 MB, so that threads beside the main one take more time to begin than they save.
 */
export const HORIZON_NODE_OPTIONS = ["--max-semi-space-size=4", "--single-threaded-gc"] as const;

/**
 * An option of V8 that is set once Horizon runs. V8 counts slices and bodies, all outside of its heap, as growth of the heap; without
 * the option it looks through the whole heap more than once a cycle, which took a fifth of all CPU time.
 */
export const HORIZON_V8_OPTION = "--heap-growing-percent=200";
