const MAX_FOUND_CHARACTERS = 20;

/** Where the first character that is not blank (space, tab, line end) stands at or after `start`. */
export function skipSpace(text: string, start: number): number {
  let position = start;
  while (" \t\r\n".includes(text[position] ?? "end")) {
    position++;
  }
  return position;
}

/** What stands at a place where something else was expected, for an error message. */
export function foundAt(text: string, index: number): string {
  const rest = text.slice(index, index + MAX_FOUND_CHARACTERS);
  return rest === "" ? "the end of the text" : JSON.stringify(rest);
}
