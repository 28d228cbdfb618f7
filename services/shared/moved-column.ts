/**
 * Copies a column to the beginning of a larger one, which is to take its place.
 * @returns the larger one.
 */
export function moved<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
