import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GrowingBuffer } from "../../../services/flux/http/growing-buffer.ts";
import { MemoryBudget, type Reservation } from "../../../services/flux/http/memory-budget.ts";
import { createRandom } from "../../support/random.ts";

let tenants = 0;

/** By default of a tenant that has no other request. */
function reserveFor(budget: MemoryBudget, bytes: number, tenant = `tenant-${tenants++}`): Reservation {
  const reservation = budget.reserve();
  reservation.identify(tenant);
  assert.deepEqual(reservation.take(bytes), { ok: true });
  return reservation;
}

describe("a memory budget", () => {
  test("gives bytes until they are all taken, and again when some come back", () => {
    const budget = new MemoryBudget(() => 100);
    const first = reserveFor(budget, 60);
    const second = reserveFor(budget, 40);
    const refused = second.take(1);
    assert.equal(refused.ok ? "" : refused.code, "memory_full");
    assert.match(refused.ok ? "" : refused.detail, /no room for 1 bytes, of 100 .*FLUX_MAX_IN_FLIGHT_BYTES/);
    assert.equal(second.heldBytes, 40, "nothing was taken");
    first.give(10);
    assert.deepEqual(second.take(10), { ok: true });
    assert.equal(budget.usedBytes, 100);
    first.release();
    first.release();
    assert.equal(budget.usedBytes, 50);
  });

  test("refuses for good what would not fit alone", () => {
    const budget = new MemoryBudget(() => 100);
    const reservation = reserveFor(budget, 60);
    const refused = reservation.take(41);
    assert.equal(refused.ok ? "" : refused.code, "body_too_large");
    assert.match(refused.ok ? "" : refused.detail, /needs 101 bytes .* have 100 \(FLUX_MAX_IN_FLIGHT_BYTES\)/);
  });

  test("lets senders without a key have an eighth of it, all together, and the others the rest", () => {
    const budget = new MemoryBudget(() => 800);
    const [anonymous, other] = [budget.reserve(), budget.reserve()];
    assert.deepEqual(anonymous.take(100), { ok: true });
    const refused = other.take(1);
    assert.equal(refused.ok ? "" : refused.code, "memory_full");
    const tooLarge = anonymous.take(1);
    assert.match(tooLarge.ok ? "" : `${tooLarge.code} ${tooLarge.detail}`, /^body_too_large .*101 bytes.* have 100 /);
    const known = reserveFor(budget, 700);
    anonymous.identify("known");
    assert.deepEqual(other.take(0), { ok: true });
    known.give(50);
    assert.deepEqual(other.take(50), { ok: true }, "who has shown a key is no longer among those who have not");
    assert.equal(budget.usedBytes, 800);
  });

  test("lets the requests of a tenant have three quarters of what the others leave, and a single one all", () => {
    const budget = new MemoryBudget(() => 1600);
    const single = reserveFor(budget, 1600, "loud");
    single.give(1300);
    const second = reserveFor(budget, 900, "loud");
    const refused = second.take(1);
    assert.equal(refused.ok ? "" : refused.code, "memory_full");
    assert.doesNotMatch(refused.ok ? "" : refused.detail, /loud/);
    const [third, fourth] = [reserveFor(budget, 100, "other"), budget.reserve()];
    fourth.identify("other");
    assert.deepEqual(fourth.take(200), { ok: true }, "of the 400 that are left");
    assert.equal(fourth.take(1).ok, false);
    assert.deepEqual(reserveFor(budget, 100).take(0), { ok: true }, "and there is room for one more");
    third.release();
    single.release();
    second.release();
    assert.deepEqual(fourth.take(900), { ok: true });
    assert.equal(budget.usedBytes, 1200);
  });

  test("takes up another size at once; what is held stays", () => {
    let size = 100;
    const budget = new MemoryBudget(() => size);
    const reservation = reserveFor(budget, 80);
    size = 50;
    assert.equal(reservation.take(1).ok, false);
    size = 200;
    assert.deepEqual(reservation.take(100), { ok: true });
  });

  test("never holds more than its size, and nothing at the end, in whatever order it is used", () => {
    const random = createRandom(7);
    const budget = new MemoryBudget(() => 1000);
    const reservations = Array.from({ length: 6 }, () => budget.reserve());
    const take = (one: Reservation) => one.take(random.below(300));
    const steps: ((one: Reservation) => unknown)[] = [
      (one) => one.release(),
      (one) => one.give(random.below(100)),
      (one) => one.identify(random.pick(["a", "b"])),
      take,
      take,
      take,
    ];
    const held = () => reservations.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    for (let i = 0; i < 20_000; i++) {
      const [one, step] = [reservations[random.below(6)], steps[random.below(6)]];
      assert.ok(one && step);
      step(one);
      assert.equal(budget.usedBytes, held());
      assert.ok(budget.usedBytes <= 1000 && one.heldBytes >= 0);
    }
    for (const reservation of reservations) {
      reservation.release();
    }
    assert.equal(budget.usedBytes, 0);
  });
});

describe("a growing buffer", () => {
  test("holds what was added, in memory that was taken for it", () => {
    const memory = new MemoryBudget(() => Number.POSITIVE_INFINITY).reserve();
    const buffer = new GrowingBuffer(memory, 1_000_000);
    const all = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
    for (const byte of all) {
      assert.equal(buffer.add(Buffer.from([byte])), undefined);
    }
    const bytes = buffer.finish();
    assert.ok(bytes.equals(all));
    assert.equal(memory.heldBytes, bytes.buffer.byteLength);
    assert.ok(memory.heldBytes < 2 * all.length, "in one piece, and not a piece for each byte");
  });

  test("takes exactly what was reserved, and no more than its limit", () => {
    const memory = new MemoryBudget(() => Number.POSITIVE_INFINITY).reserve();
    const buffer = new GrowingBuffer(memory, 20_000);
    buffer.reserve(17_000);
    buffer.add(Buffer.alloc(17_000));
    assert.equal(memory.heldBytes, 17_000);
    buffer.add(Buffer.alloc(3000));
    assert.equal(memory.heldBytes, 20_000);
  });

  test("says so when there is no memory, and keeps what it has", () => {
    const budget = new MemoryBudget(() => 60_000);
    const memory = reserveFor(budget, 0);
    const buffer = new GrowingBuffer(memory, 1_000_000);
    assert.equal(buffer.add(Buffer.alloc(30_000, 1)), undefined);
    assert.equal(buffer.add(Buffer.alloc(30_000, 2))?.code, "body_too_large");
    assert.ok(buffer.finish().equals(Buffer.alloc(30_000, 1)));
  });
});
