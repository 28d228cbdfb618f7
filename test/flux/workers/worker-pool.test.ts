import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Registry } from "prom-client";
import { PlaceGauges } from "../../../services/flux/place-gauges.ts";
import { TrafficGate } from "../../../services/flux/traffic-gate.ts";
import type { Answer, Question, ToWorker } from "../../../services/flux/workers/messages.ts";
import { SharedGate } from "../../../services/flux/workers/shared-gate.ts";
import { SummedMetrics } from "../../../services/flux/workers/summed-metrics.ts";
import { WorkerPool } from "../../../services/flux/workers/worker-pool.ts";
import type { WorkerMessage, WorkerProcess } from "../../../services/flux/workers/worker-process.ts";
import { createLogger } from "../../../services/shared/logger.ts";
import { parseSettings } from "../../../settings/load.ts";
import type { Settings } from "../../../settings/schema.ts";

/** A process of a worker that says what a test has it say. */
class StandIn implements WorkerProcess {
  readonly pid: number;
  readonly asked: Question["kind"][] = [];
  /** What it was started with. */
  settings: Settings | undefined;
  /** Undefined: it does not answer. */
  answer: (question: Question) => Answer | undefined = answerWell;
  readonly ended: Promise<string>;
  #say: (message: WorkerMessage) => void = () => undefined;
  #end: (how: string) => void = () => undefined;

  constructor(pid: number) {
    this.pid = pid;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  send(message: ToWorker): void {
    if (message.type === "start") {
      this.settings = message.settings;
    } else if (message.type === "ask") {
      this.asked.push(message.question.kind);
      const answer = this.answer(message.question);
      if (answer) {
        setImmediate(() => this.#say({ type: "answer", id: message.id, answer }));
      }
    } else if (message.type === "stop") {
      this.#end("ended with code 0");
    }
  }

  onMessage(listener: (message: WorkerMessage) => void): void {
    this.#say = listener;
  }

  say(message: WorkerMessage): void {
    this.#say(message);
  }

  /** Settles once the pool knows. */
  async die(): Promise<void> {
    this.#end("ended by SIGKILL");
    await new Promise((resolve) => setImmediate(resolve));
  }

  kill(): void {
    this.#end("ended by SIGKILL");
  }
}

function answerWell(question: Question): Answer {
  switch (question.kind) {
    case "prepare":
      return { kind: "prepare", problems: [] };
    case "readiness":
      return { kind: "readiness", readiness: { ready: true, detail: { redis: "ok", intake: "ok" } } };
    default:
      return { kind: question.kind };
  }
}

function settingsWith(values: Record<string, string>): Settings {
  const loaded = parseSettings(undefined, { FLUX_WORKERS: "2", ...values });
  assert.ok(loaded.ok);
  return loaded.settings;
}

function startPool(t: TestContext) {
  const processes: StandIn[] = [];
  const hopeless: string[] = [];
  const registry = new Registry();
  const pool = new WorkerPool({
    settings: settingsWith({}),
    fork: () => {
      const process = new StandIn(100 + processes.length);
      processes.push(process);
      return process;
    },
    backoff: { firstMs: 500, maxMs: 1000, calmMs: 60_000 },
    now: Date.now,
    logger: createLogger("test", "silent"),
    gate: new SharedGate(new TrafficGate(Date.now)),
    metrics: new SummedMetrics(),
    places: new PlaceGauges([registry]),
    registry,
    onHopeless: (problems) => void hopeless.push(...problems),
  });
  pool.start();
  t.after(() => pool.stop(1000));
  const [first, second] = processes;
  assert.ok(first && second);
  return { pool, processes, hopeless, first, second };
}

test("new settings are taken up when all workers find them good, and by workers that start later", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { pool, processes, first, second } = startPool(t);
  const settings = settingsWith({ FLUX_MAX_BODY_BYTES: "5" });
  assert.deepEqual(await pool.reload(settings), []);
  assert.deepEqual(
    [first.asked, second.asked],
    [
      ["prepare", "take"],
      ["prepare", "take"],
    ],
  );
  await first.die();
  t.mock.timers.tick(500);
  assert.equal(processes[2]?.settings?.FLUX_MAX_BODY_BYTES, 5);
});

test("new settings that one worker refuses are taken up by none", async (t) => {
  const { pool, first, second } = startPool(t);
  second.answer = () => ({ kind: "prepare", problems: ["cannot use FLUX_TLS_CERT_FILE"] });
  assert.deepEqual(await pool.reload(settingsWith({})), ["cannot use FLUX_TLS_CERT_FILE"]);
  assert.deepEqual([first.asked, second.asked], [["prepare"], ["prepare"]]);
});

test("new settings are taken up by none while a worker does not answer", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { pool, first, second } = startPool(t);
  second.answer = () => undefined;
  const reloaded = pool.reload(settingsWith({}));
  // One turn to ask, another for the answer of the first.
  for (let turn = 0; turn < 2; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.mock.timers.tick(5000);
  assert.deepEqual(await reloaded, ["worker 2 does not answer, so that nothing was reloaded"]);
  assert.deepEqual(first.asked, ["prepare"]);
});

test("a worker that dies while it is asked does not keep the others from new settings", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { pool, processes, first, second } = startPool(t);
  second.answer = (question) => {
    second.kill();
    return question.kind === "prepare" ? undefined : answerWell(question);
  };
  const settings = settingsWith({ FLUX_MAX_BODY_BYTES: "7" });
  assert.deepEqual(await pool.reload(settings), []);
  assert.deepEqual(first.asked, ["prepare", "take"]);
  t.mock.timers.tick(500);
  assert.equal(processes[2]?.settings?.FLUX_MAX_BODY_BYTES, 7);
});

test("a worker that dies is started again, ever more rarely, and counted", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { pool, processes } = startPool(t);
  await processes[0]?.die();
  t.mock.timers.tick(499);
  assert.equal(processes.length, 2);
  t.mock.timers.tick(1);
  assert.equal(processes.length, 3);
  await processes[2]?.die();
  t.mock.timers.tick(999);
  assert.equal(processes.length, 3);
  t.mock.timers.tick(1);
  assert.equal(processes.length, 4);
  const text = await (await pool.metrics()).metrics();
  assert.match(text, /^flux_worker_restarts_total 2$/m);
  assert.match(text, /^flux_workers 2$/m);
});

test("a worker that cannot start at all is hopeless; one that has served before is started again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { processes, hopeless, first, second } = startPool(t);
  first.say({ type: "serving" });
  await first.die();
  t.mock.timers.tick(500);
  processes[2]?.say({ type: "failed", problems: ["cannot use this Redis"] });
  assert.deepEqual(hopeless, []);
  second.say({ type: "failed", problems: ["cannot listen on 127.0.0.1:1"] });
  assert.deepEqual(hopeless, ["cannot listen on 127.0.0.1:1"]);
});

test("it is ready while one worker is, and says what is wrong with the others", async (t) => {
  const { pool, first, second } = startPool(t);
  second.answer = () => ({ kind: "readiness", readiness: { ready: false, detail: { redis: "away", intake: "ok" } } });
  assert.deepEqual(await pool.readiness(), {
    ready: true,
    detail: { redis: "ok", intake: "ok", "worker 1": "ok", "worker 2": "redis: away" },
  });
  await first.die();
  assert.deepEqual(await pool.readiness(), {
    ready: false,
    detail: { redis: "away", intake: "ok", "worker 1": "died, is started again", "worker 2": "redis: away" },
  });
});

test("nothing is started again once it stops", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { pool, processes } = startPool(t);
  await processes[0]?.die();
  await pool.stop(1000);
  t.mock.timers.tick(60_000);
  assert.equal(processes.length, 2);
});
