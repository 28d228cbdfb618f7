/**
 * The sum of a metric's samples on a /metrics page.
 * @param selector its name, and any `label="value"` that the samples must have.
 */
export async function metricValue(url: string, name: string, ...labels: readonly string[]): Promise<number> {
  const response = await fetch(url);
  const lines = (await response.text()).split("\n");
  const own = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const chosen = own.filter((line) => labels.every((label) => line.includes(label)));
  return chosen.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
