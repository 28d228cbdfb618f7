const MAX_EDITS = 3;

/**
 * The name that somebody may have meant.
 * @returns the candidate that is fewest edits (insert, remove, replace a character) away from `word`, whatever its
 * case, or undefined where none is within three.
 */
export function closestName<Name extends string>(word: string, candidates: readonly Name[]): Name | undefined {
  let best: Name | undefined;
  let fewest = MAX_EDITS + 1;
  for (const candidate of candidates) {
    const edits = editDistance(word.toUpperCase(), candidate.toUpperCase());
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein's distance, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
