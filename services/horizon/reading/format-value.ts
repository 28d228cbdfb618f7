/** The shortest text that reads back as the same number; JavaScript leaves the sign off −0 alone. */
export function formatValue(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
