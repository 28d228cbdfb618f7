import type { Redis } from "ioredis";
import { shardKeys, shardOfKey } from "../shared/buffer-keys.ts";
import { blockText, type NameOf, type ReadBlock, readBlock } from "./block-text.ts";
import { type Command, type CommandIo, EXIT_FOUND, EXIT_OK, failWith, readInput, readNamedFile } from "./command.ts";
import { INSPECT_USAGE, type InspectOptions, parseInspectOptions } from "./inspect-options.ts";
import { readRedisBlocks } from "./redis-blocks.ts";
import { readSeriesNames } from "./registry-names.ts";
import { withRedis } from "./with-redis.ts";

/** `flux inspect`: the blocks of the buffer as text. Changes nothing. */
export const inspectCommand: Command = {
  name: "inspect",
  summary: "blocks of the buffer as text, from a file or from Redis",
  usage: INSPECT_USAGE,
  run,
};

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseInspectOptions(args, io.env);
  if (!parsed.ok) {
    return failWith(io, "inspect", parsed.problems);
  }
  const { options } = parsed;
  if (options.source.kind === "redis") {
    const { url, key } = options.source;
    return withRedis(url, "flux-inspect", (redis) => inspectKey(redis, key, options, io));
  }
  const { file } = options.source;
  const block = readBlock(file === undefined ? await readInput(io.stdin) : await readNamedFile(file));
  print(block, options, () => undefined, io);
  return block.ok ? EXIT_OK : EXIT_FOUND;
}

async function inspectKey(redis: Redis, key: string, options: InspectOptions, io: CommandIo): Promise<number> {
  const read = await readRedisBlocks(redis, key, options.maxBlocks);
  if (!read.ok) {
    return failWith(io, "inspect", [read.problem]);
  }
  io.stdout.write(`${read.blocks.length} of ${read.total} blocks in ${key}\n`);
  const blocks = read.blocks.map(readBlock);
  for (const block of blocks) {
    print(block, options, await namesOf(redis, key, block), io);
  }
  return blocks.every(({ ok }) => ok) ? EXIT_OK : EXIT_FOUND;
}

/** Names from the registry of the key's shard, where the key says which that is. */
async function namesOf(redis: Redis, key: string, read: ReadBlock): Promise<NameOf> {
  const place = shardOfKey(key);
  return read.ok && place ? readSeriesNames(redis, shardKeys(place.prefix, place.shard), read.block) : () => undefined;
}

function print(read: ReadBlock, { maxSamples }: InspectOptions, nameOf: NameOf, { stdout }: CommandIo): void {
  for (const line of blockText(read, nameOf, maxSamples)) {
    stdout.write(`${line}\n`);
  }
}
