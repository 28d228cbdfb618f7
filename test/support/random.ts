/** Seeded random numbers (mulberry32), so that a failing random test can be run again. */
export interface Random {
  readonly seed: number;
  /** 0 ≤ x < 1. */
  next(): number;
  /** A whole number, 0 ≤ x < bound. */
  below(bound: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
}

/** @param seed by default the clock's; print `random.seed` when a test fails. */
export function createRandom(seed: number = Date.now() % 2 ** 31): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return { seed, next, below, pick: (items) => items[below(items.length)] ?? items[0] };
}
