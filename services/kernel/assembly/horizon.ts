/*
 * What Horizon does to every sample: `horizon.wasm`, beside the kernel of Flux.
 */
export { bodyBytes, labelsAt, seriesAt, timesAt, valuesAt, writeBody } from "./write-body";
