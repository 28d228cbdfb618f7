import { Redis } from "ioredis";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { startRedis } from "../support/redis-server.ts";
import { residentBytes } from "../support/resident-bytes.ts";
import { startFluxContestant } from "./flux-contestant.ts";
import { mebibytes } from "./mebibytes.ts";
import { sendPass } from "./send-pass.ts";
import { spreadOf } from "./spread.ts";

const STEPS = 60;

/** Prints how the memory of a Flux goes while so many series come and go, each with one sample. */
export async function measureChurn(series: number): Promise<void> {
  const server = await startRedis();
  const redis = new Redis(server.url);
  const contestant = await startFluxContestant(server.url);
  const resident: number[] = [];
  const each = Math.ceil(series / STEPS);
  for (let step = 0; step < STEPS; step++) {
    await sendPass(contestant, { firstSeries: step * each, series: each, timestampMs: Date.now() });
    resident.push(residentBytes(contestant.flux.pid));
    await emptyBuffer(redis);
  }
  const third = resident.length / 3;
  const parts = [0, 1, 2].map((part) => spreadOf(resident.slice(part * third, (part + 1) * third)));
  const texts = parts.map(({ median, min, max }) => `${mebibytes(median)} (${mebibytes(min)} to ${mebibytes(max)})`);
  const { median, min, max } = parts[2] ?? spreadOf([]);
  const reach = (100 * Math.max(max - median, median - min)) / median;
  console.log(
    `Flux while ${STEPS * each} series come and go, by thirds of the run: ${texts.join(", ")} resident; ` +
      `the last third stays within ${reach.toFixed(1)} % of its median`,
  );
  await contestant.stop();
  redis.disconnect();
  await server.stop();
}

/** Throws away blocks and registry but not the epoch, so that Flux notices nothing: Redis would not hold that many. */
async function emptyBuffer(redis: Redis): Promise<void> {
  const { epoch } = shardKeys("", 0);
  const others = (await redis.keys("*")).filter((key) => key !== epoch);
  if (others.length > 0) {
    await redis.unlink(...others);
  }
}
