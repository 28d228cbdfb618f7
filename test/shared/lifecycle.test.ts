import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { type TestContext, test } from "node:test";
import { createLifecycle, type Lifecycle } from "../../services/shared/lifecycle.ts";
import { createLogger } from "../../services/shared/logger.ts";

interface Run {
  readonly lifecycle: Lifecycle;
  /** What happened, in order: releases by name, exits as `exit 0`. */
  readonly events: string[];
  readonly log: { msg: string; release?: string }[];
  /** Settles with the exit code. */
  readonly exited: Promise<number>;
}

function start(timeoutMs = 60_000): Run {
  const events: string[] = [];
  const log: Run["log"] = [];
  const logger = createLogger("test", "info", { write: (line: string) => log.push(JSON.parse(line)) });
  let exit = (_code: number) => {};
  const exited = new Promise<number>((resolve) => {
    exit = (code) => {
      events.push(`exit ${code}`);
      resolve(code);
    };
  });
  return { lifecycle: createLifecycle({ logger, timeoutMs, exit }), events, log, exited };
}

const noReload = async () => assert.fail("reload was called");

test("stopping aborts the signal, then runs the releases one by one, the latest first, then exits with 0", async () => {
  const { lifecycle, events } = start();
  lifecycle.signal.addEventListener("abort", () => events.push("aborted"));
  lifecycle.onStop("redis", () => events.push("redis"));
  lifecycle.onStop("server", async () => {
    events.push("server begins");
    await new Promise((resolve) => setImmediate(resolve));
    events.push("server ends");
  });
  assert.equal(lifecycle.signal.aborted, false);
  await lifecycle.stop("test");
  assert.deepEqual(events, ["aborted", "server begins", "server ends", "redis", "exit 0"]);
});

test("stopping twice is stopping once", async () => {
  const { lifecycle, events } = start();
  lifecycle.onStop("redis", () => events.push("redis"));
  await Promise.all([lifecycle.stop("one"), lifecycle.stop("two")]);
  await lifecycle.stop("three");
  assert.deepEqual(events, ["redis", "exit 0"]);
});

test("a release that fails is logged, the others run, and the exit code is 1", async () => {
  const { lifecycle, events, log } = start();
  lifecycle.onStop("redis", () => events.push("redis"));
  lifecycle.onStop("rejects", () => Promise.reject(new Error("no")));
  lifecycle.onStop("throws", () => {
    throw new Error("no");
  });
  await lifecycle.stop("test");
  assert.deepEqual(events, ["redis", "exit 1"]);
  const failed = log.filter(({ msg }) => msg === "A release failed while stopping").map(({ release }) => release);
  assert.deepEqual(failed, ["throws", "rejects"]);
});

test("what is acquired while stopping is released too", async () => {
  const { lifecycle, events } = start();
  lifecycle.onStop("first", () => events.push("first"));
  lifecycle.onStop("second", () => lifecycle.onStop("late", () => events.push("late")));
  await lifecycle.stop("test");
  assert.deepEqual(events, ["late", "first", "exit 0"]);
});

test("a release that hangs ends in exit 1, once, and is named", async (t: TestContext) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { lifecycle, events, log, exited } = start(5000);
  let finish = () => {};
  lifecycle.onStop("fast", () => events.push("fast"));
  lifecycle.onStop("slow", () => new Promise<void>((resolve) => (finish = resolve)));
  const stopped = lifecycle.stop("test");
  t.mock.timers.tick(4999);
  assert.deepEqual(events, []);
  t.mock.timers.tick(1);
  assert.equal(await exited, 1);
  assert.equal(log.at(-1)?.release, "slow");
  finish();
  await stopped;
  assert.deepEqual(events, ["exit 1", "fast"]);
});

test("SIGTERM and SIGINT stop with exit code 0", async () => {
  for (const name of ["SIGTERM", "SIGINT"]) {
    const { lifecycle, exited } = start();
    const source = new EventEmitter();
    lifecycle.handleSignals(source, noReload);
    source.emit(name);
    source.emit(name);
    assert.equal(await exited, 0, name);
  }
});

test("an uncaught fault is logged and stops with exit code 1, after the releases", async () => {
  for (const name of ["uncaughtException", "unhandledRejection"]) {
    const { lifecycle, events, log, exited } = start();
    const source = new EventEmitter();
    lifecycle.onStop("redis", () => events.push("redis"));
    lifecycle.handleSignals(source, noReload);
    source.emit(name, new Error("boom"));
    assert.equal(await exited, 1, name);
    assert.deepEqual(events, ["redis", "exit 1"]);
    assert.ok(JSON.stringify(log).includes("boom"));
  }
});

test("an uncaught fault while stopping makes the exit code 1", async () => {
  const { lifecycle, exited } = start();
  const source = new EventEmitter();
  lifecycle.handleSignals(source, noReload);
  lifecycle.onStop("redis", () => source.emit("uncaughtException", new Error("boom")));
  source.emit("SIGTERM");
  assert.equal(await exited, 1);
});

test("SIGHUP reloads, and a reload that fails stops nothing", async () => {
  const { lifecycle, events, log } = start();
  const source = new EventEmitter();
  const calls: (() => void)[] = [];
  const reloads = [1, 2].map(() => new Promise<void>((resolve) => calls.push(resolve)));
  lifecycle.handleSignals(source, async () => {
    calls.shift()?.();
    throw new Error("bad file");
  });
  source.emit("SIGHUP");
  source.emit("SIGHUP");
  await Promise.all(reloads);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(events, []);
  assert.equal(log.filter(({ msg }) => msg.startsWith("Reload failed")).length, 2);
});

test("a service that a supervisor started stops when the supervisor is gone", async () => {
  const supervised = start();
  const source = Object.assign(new EventEmitter(), { channel: {} });
  supervised.lifecycle.handleSignals(source, noReload);
  source.emit("disconnect");
  assert.equal(await supervised.exited, 0);

  const alone = new EventEmitter();
  start().lifecycle.handleSignals(alone, noReload);
  assert.equal(alone.listenerCount("disconnect"), 0);
});
