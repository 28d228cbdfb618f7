import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DEAD_BLOCK_REASONS, DEAD_REASONS, SKIP_REASONS } from "../../services/horizon/reasons.ts";
import type { SampleSpec } from "../horizon/support/buffer-filler.ts";
import { createRig, GENERATION, type Rig, type RigOptions, START_MS } from "../horizon/support/horizon-rig.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { bitsOf } from "../support/special-values.ts";
import { startVictoriaMetrics, type VictoriaMetrics } from "../support/victoria-metrics.ts";

/*
 * Every reason of Horizon, made to happen with real stores, and read off its metrics. A reason without a row here
 * fails.
 */

let redisServer: RedisServer;
let victoria: VictoriaMetrics;
before(async () => {
  redisServer = await startRedis();
  victoria = await startVictoriaMetrics();
});
after(async () => {
  await redisServer.stop();
  await victoria.stop();
});

/** How a reason comes about: once, and nothing else of its kind. */
interface Case {
  readonly settings?: RigOptions["settings"];
  /** By default there is only RedisTimeSeries. */
  readonly stores?: "two VictoriaMetrics" | "one more that is away";
  readonly act: (rig: Rig) => Promise<void>;
}
type Cases = Readonly<Record<string, Case>>;

const MINUTE_MS = 60_000;
const MINUTE = START_MS - (START_MS % MINUTE_MS);
const DAY_MS = 86_400_000;
const NOTHING_LISTENS = "http://127.0.0.1:9";
const series = { __name__: "m" };
const sample = (timestampMs = MINUTE, value: SampleSpec[2] = 1): SampleSpec => [series, timestampMs, value];
const blockOf = (...samples: SampleSpec[]) => ({ generation: GENERATION, samples });
const delivers =
  (...samples: SampleSpec[]): Case["act"] =>
  async (rig) => {
    await rig.filler.write(blockOf(...samples));
    await rig.cycle();
  };
/** Of two claims the older one waits too long: the newest is no backlog. */
const twoClaimsWait: Case["act"] = async (rig) => {
  await delivers(sample(MINUTE))(rig);
  rig.clock.nowMs += 2 * MINUTE_MS;
  await delivers(sample(MINUTE + 2 * MINUTE_MS))(rig);
};

const skipped: Cases = {
  skip_list: { settings: { SKIP_LIST: ["^m"] }, act: delivers(sample()) },
  nan_not_storable: { act: delivers(sample(MINUTE, bitsOf(Number.NaN))) },
  infinity_not_storable: { act: delivers(sample(MINUTE, Number.POSITIVE_INFINITY)) },
  negative_timestamp: { act: delivers(sample(-1)) },
  older_in_bucket: { act: delivers(sample(MINUTE), sample(MINUTE + 1)) },
  older_than_retention: { act: delivers(sample(MINUTE), sample(MINUTE - 2 * DAY_MS)) },
  too_far_ahead: { act: delivers(sample(START_MS + 2 * DAY_MS)) },
  held_by_other_store: {
    settings: { VICTORIAMETRICS_SPREAD: "shard" },
    stores: "two VictoriaMetrics",
    act: delivers(sample()),
  },
  backlog_too_large: {
    settings: { HORIZON_BACKLOG_MAX_BYTES: 1 },
    stores: "one more that is away",
    act: twoClaimsWait,
  },
  backlog_too_old: {
    settings: { HORIZON_BACKLOG_MAX_AGE_SECONDS: 90 },
    stores: "one more that is away",
    act: twoClaimsWait,
  },
};

const neverKnown: Case = {
  settings: { HORIZON_PARK_SECONDS: 60 },
  act: async (rig) => {
    await rig.filler.writeUnregistered(blockOf(sample()));
    await rig.cycle();
    rig.clock.nowMs += MINUTE_MS;
    await rig.cycle();
  },
};

const dead: Cases = {
  refused_by_store: {
    act: async (rig) => {
      const key = `${rig.prefix}labelled_metrics.${rig.filler.idOf(blockOf(), series)}`;
      await rig.redis.set(key, "not a series");
      await delivers(sample())(rig);
    },
  },
  unknown_series: neverKnown,
};

const deadBlocks: Cases = {
  unknown_version: damaged((block) => block.writeUInt8(99, 0)),
  checksum_mismatch: damaged((block) => block.writeUInt8(block.readUInt8(20) ^ 1, 20)),
  malformed: {
    act: async (rig) => {
      await rig.filler.writeBytes(Buffer.from("x"));
      await rig.cycle();
    },
  },
  unknown_series: neverKnown,
};

const kinds: [what: string, reasons: readonly string[], cases: Cases, metric: string][] = [
  ["samples are skipped", SKIP_REASONS, skipped, "horizon_samples_skipped_total"],
  ["samples are dead", DEAD_REASONS, dead, "horizon_samples_dead_total"],
  ["blocks are dead", DEAD_BLOCK_REASONS, deadBlocks, "horizon_blocks_dead_total"],
];

for (const [what, reasons, cases, metric] of kinds) {
  describe(`of the reasons for which ${what}`, () => {
    test("each has a test, and there is no other", () => {
      assert.deepEqual(Object.keys(cases), [...reasons]);
    });

    for (const [reason, row] of Object.entries(cases)) {
      test(`${reason} happens, and is counted`, async (t) => {
        const rig = await createRig(t, { redisUrl: redisServer.url, ...storesOf(row) });
        await row.act(rig);
        assert.equal(await rig.metric(metric, { reason }), 1);
        assert.equal(await rig.metric(metric), 1, "and under no other reason");
        const total = (name: string) => rig.metric(`horizon_samples_${name}_total`);
        assert.equal(
          await total("claimed"),
          (await total("written")) + (await total("skipped")) + (await total("dead")),
        );
      });
    }
  });
}

function storesOf({ stores, settings = {} }: Case): Partial<RigOptions> {
  switch (stores) {
    case "two VictoriaMetrics": {
      // One and the same: which of two names has a series does not depend on what is behind them.
      const VICTORIAMETRICS_URLS = { a: victoria.url, b: victoria.url };
      return { settings: { ...settings, VICTORIAMETRICS_URLS }, timeseriesUrl: false };
    }
    case "one more that is away":
      return { settings, victoriaUrl: NOTHING_LISTENS };
    default:
      return { settings };
  }
}

/** A good block that came to harm in Redis. */
function damaged(harm: (block: Buffer) => void): Case {
  return {
    act: async (rig) => {
      await rig.filler.write(blockOf(sample()));
      const [block] = await rig.redis.smembersBuffer(rig.keys.blocks);
      assert.ok(block);
      await rig.redis.srem(rig.keys.blocks, block);
      harm(block);
      await rig.filler.writeBytes(block);
      await rig.cycle();
    },
  };
}
