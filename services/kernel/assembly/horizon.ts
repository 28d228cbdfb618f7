import { prepareCrc32c } from "./crc32c";

/*
 * What Horizon does to every sample: `horizon.wasm`, beside the kernel of Flux.
 */
export { blockAt, blockChecksum } from "./block-checksum";
export { bodyBytes, labelsAt, seriesAt, timesAt, valuesAt, writeBody } from "./write-body";

prepareCrc32c();
