/**
 * Options of Node under which Flux takes the least memory and time. Its garbage is young and small, but holds bodies and
 * blocks outside of V8's heap, which only a collection frees: with a young generation of 4 MB instead of 16 it comes before
 * much has gathered.
 */
export const FLUX_NODE_OPTIONS = ["--max-semi-space-size=4"] as const;

/**
 * An option of V8 that is set once Flux runs. Without it V8 counts what bodies and blocks took as growth of the heap, and
 * looks through all that is known of all series every hundred requests.
 */
export const FLUX_V8_OPTION = "--heap-growing-percent=50";
