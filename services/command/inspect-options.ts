import { parseOptions } from "./command-options.ts";

/** What `flux inspect` is asked for. */
export interface InspectOptions {
  /** A block's bytes, in a file or on standard input; or a key in Redis that holds blocks. */
  readonly source:
    | { readonly kind: "bytes"; readonly file: string | undefined }
    | { readonly kind: "redis"; readonly url: string; readonly key: string };
  readonly maxBlocks: number;
  /** Of each block. */
  readonly maxSamples: number;
}

const DEFAULT_BLOCKS = 10;

export const INSPECT_USAGE = `Prints blocks of the buffer as text: whose they are, and for every sample the id of its series, its time in
milliseconds and as a date, and its value; of a NaN, its 64 bits. Changes nothing.

  flux inspect [FILE]              the bytes of one block, from FILE or standard input
  flux inspect --key KEY           blocks that Redis holds, with the names of their series:
                                   'flux.prometheus_metrics.{flux:0}', 'horizon.claim.{flux:0}.<claim>',
                                   'horizon.parked.{flux:0}'

  --redis URL    which Redis; by default what REDIS_URL says
  --blocks N     at most N blocks (${DEFAULT_BLOCKS}); which ones of a set is left to chance
  --samples N    at most N samples of each block (all)

Exit code: 0 when all of them are whole; 1 when one is damaged, which says what is wrong and where; 2 when none could be
read.
`;

const OPTIONS = {
  redis: { type: "string" },
  key: { type: "string" },
  blocks: { type: "string" },
  samples: { type: "string" },
} as const;

/** Reads the command line of `flux inspect`. @returns what is asked for, or what is wrong with it. */
export function parseInspectOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { ok: true; options: InspectOptions } | { ok: false; problems: string[] } {
  const parsed = parseOptions(args, OPTIONS);
  if (!parsed.ok) {
    return { ok: false, problems: [parsed.problem] };
  }
  const { file, values } = parsed;
  const source = sourceOf(file, values.key, values.redis, env["REDIS_URL"]);
  const maxBlocks = count(values.blocks, DEFAULT_BLOCKS);
  const maxSamples = count(values.samples, Number.POSITIVE_INFINITY);
  const problems = [
    ...("problem" in source ? [source.problem] : []),
    ...(maxBlocks === undefined ? ["--blocks must be a number from 1"] : []),
    ...(maxSamples === undefined ? ["--samples must be a number from 1"] : []),
  ];
  return "problem" in source || maxBlocks === undefined || maxSamples === undefined
    ? { ok: false, problems }
    : { ok: true, options: { source, maxBlocks, maxSamples } };
}

function sourceOf(
  file: string | undefined,
  key: string | undefined,
  redis: string | undefined,
  redisOfEnvironment: string | undefined,
): InspectOptions["source"] | { problem: string } {
  if (key === undefined) {
    return redis === undefined ? { kind: "bytes", file } : { problem: "--redis needs --key, which says what to read" };
  }
  if (file !== undefined) {
    return { problem: "either a file or --key, not both" };
  }
  const url = redis ?? redisOfEnvironment;
  if (url === undefined || url === "") {
    return { problem: "--key needs --redis, or REDIS_URL in the environment" };
  }
  return URL.canParse(url)
    ? { kind: "redis", url, key }
    : { problem: "--redis must be a URL like redis://127.0.0.1:6379" };
}

function count(text: string | undefined, otherwise: number): number | undefined {
  if (text === undefined) {
    return otherwise;
  }
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
