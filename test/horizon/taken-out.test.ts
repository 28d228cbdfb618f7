import assert from "node:assert/strict";
import { test } from "node:test";
import { TakenOut } from "../../services/horizon/taken-out.ts";

test("a block is taken out once, and whoever asks waits until it is", async () => {
  const takenOut = new TakenOut();
  let takes = 0;
  let finish = () => {};
  const take = () => {
    takes++;
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  };
  const first = takenOut.once("a", take);
  const second = takenOut.once("a", take);
  let answered = false;
  const asking = takenOut.has("a").then((isOut) => {
    answered = true;
    return isOut;
  });
  await Promise.resolve();
  assert.equal(answered, false);
  finish();
  await Promise.all([first, second]);
  assert.equal(await asking, true);
  assert.equal(takes, 1);
  assert.equal(await takenOut.has("b"), false);
  assert.equal(takenOut.size, 1);
});

test("when taking a block out fails, nobody goes on without it", async () => {
  const takenOut = new TakenOut();
  const take = () => Promise.reject(new Error("Redis is away"));
  await assert.rejects(takenOut.once("a", take), /away/);
  await assert.rejects(takenOut.once("a", take), /away/);
  await assert.rejects(takenOut.has("a"), /away/);
});
