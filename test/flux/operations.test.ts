import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Registry } from "prom-client";
import { SeriesTable } from "../../services/flux/intake/series-table.ts";
import { StreamTable } from "../../services/flux/intake/stream-table.ts";
import { type FluxState, fluxOperations } from "../../services/flux/operations.ts";
import { policyFrom } from "../../services/flux/policy.ts";
import { TrafficGate } from "../../services/flux/traffic-gate.ts";
import { TextSeriesIndex } from "../../services/kernel/text-series-index.ts";
import { createLogger } from "../../services/shared/logger.ts";
import { type LoadResult, parseSettings } from "../../settings/load.ts";

const settings = (more: Record<string, string> = {}) =>
  parseSettings(undefined, { FLUX_SELF_API_KEY: "key-of-all", ...more });

function initialState(): FluxState {
  const loaded = settings();
  assert.ok(loaded.ok);
  const made = policyFrom(loaded.settings);
  assert.ok(made.ok);
  return {
    version: "1",
    redis: { ping: async () => "PONG" },
    redisUrl: "redis://127.0.0.1:1",
    registry: new Registry(),
    streams: new StreamTable(new SeriesTable(new TextSeriesIndex(), 1), 1),
    gate: new TrafficGate(() => 0),
    metrics: { forgetPlaces: () => {} },
    certificateFiles: undefined,
    logger: createLogger("flux", "silent"),
    settings: loaded.settings,
    policy: made.policy,
    isListening: true,
  };
}

describe("a reload", () => {
  test("takes up new settings, and names those that need a restart", async () => {
    const state = initialState();
    const { reload } = fluxOperations(state, async () => settings({ FLUX_RETRY_AFTER_SECONDS: "7", FLUX_PORT: "1" }));
    assert.deepEqual(await reload(), { ok: true, needRestart: ["FLUX_PORT"] });
    assert.equal(state.policy.retryAfterSeconds, 7);
  });

  const faults: [what: string, loaded: LoadResult, problem: RegExp][] = [
    ["that are faulty", { ok: false, problems: ["cannot read the file"] }, /^cannot read the file$/],
    ["with a rule that does not compile", settings({ DROP_METRICS: '["("]' }), /DROP_METRICS.*does not compile/],
    ["without any key", parseSettings(undefined, {}), /^cannot use the settings: no key is set/],
  ];
  for (const [what, loaded, problem] of faults) {
    test(`leaves everything as it was for settings ${what}`, async () => {
      const state = initialState();
      const { policy } = state;
      const outcome = await fluxOperations(state, async () => loaded).reload();
      assert.match(outcome.ok ? "" : outcome.problems.join(), problem);
      assert.equal(state.policy, policy);
    });
  }

  test("waits for the one before it, so that the latest settings stay", async () => {
    let release = () => {};
    const first = new Promise<void>((resolve) => {
      release = resolve;
    });
    const files = ["1", "2"];
    const state = initialState();
    const { reload } = fluxOperations(state, async () => {
      const seconds = files.shift() ?? "";
      await (seconds === "1" ? first : undefined);
      return settings({ FLUX_RETRY_AFTER_SECONDS: seconds });
    });
    const both = [reload(), reload()];
    release();
    await Promise.all(both);
    assert.equal(state.policy.retryAfterSeconds, 2);
  });

  test("goes on after one that threw", async () => {
    let calls = 0;
    const load = async () => (calls++ === 0 ? assert.fail("the file is on a broken disk") : settings());
    const { reload } = fluxOperations(initialState(), load);
    await assert.rejects(reload(), /broken disk/);
    assert.equal((await reload()).ok, true);
  });
});
