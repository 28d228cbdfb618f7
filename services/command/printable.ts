/** Text of a stranger as a terminal may show it: control characters, which could move its cursor, are escaped. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
