import type { Operation, Sequence } from "./operations.ts";

/** Runs that looking for a shorter sequence may take. */
const MOST_RUNS = 400;

/**
 * Leaves out of a sequence, as long as it still fails: operations, then faults and what happens during pauses.
 * @param fails whether a sequence fails.
 * @returns the shortest found.
 */
export async function shrink(sequence: Sequence, fails: (shorter: Sequence) => Promise<boolean>): Promise<Sequence> {
  let shortest = sequence;
  let runs = 0;
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (const operations of shorterThan(shortest.operations)) {
      if (++runs > MOST_RUNS) {
        return shortest;
      }
      if (await fails({ ...shortest, operations })) {
        shortest = { ...shortest, operations };
        hasChanged = true;
        break;
      }
    }
  }
  return shortest;
}

/** Every list with one thing less. Pure. */
export function* shorterThan(operations: readonly Operation[]): Generator<Operation[]> {
  for (const [i, operation] of operations.entries()) {
    yield operations.toSpliced(i, 1);
    for (const simpler of simplerThan(operation)) {
      yield operations.toSpliced(i, 1, simpler);
    }
  }
}

function* simplerThan(operation: Operation): Generator<Operation> {
  if (operation.does === "send" && operation.names.length > 1) {
    yield { ...operation, names: operation.names.slice(1) };
  }
  if (operation.does !== "cycle" || !operation.fault) {
    return;
  }
  const { fault, ...plain } = operation;
  yield plain;
  if ("meanwhile" in fault) {
    for (const meanwhile of shorterThan(fault.meanwhile)) {
      yield { ...plain, fault: { ...fault, meanwhile } };
    }
  }
}
