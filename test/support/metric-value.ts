/**
 * The sum of a metric's samples on a /metrics page.
 * @param name the metric's. @param labels any `label="value"` that the samples must have.
 */
export async function metricValue(url: string, name: string, ...labels: readonly string[]): Promise<number> {
  const values = await metricValues(url, name, ...labels);
  return values.reduce((sum, value) => sum + value, 0);
}

/** The values of a metric's samples on a /metrics page, one by one. Parameters as above. */
export async function metricValues(url: string, name: string, ...labels: readonly string[]): Promise<number[]> {
  const response = await fetch(url);
  const lines = (await response.text()).split("\n");
  const own = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const chosen = own.filter((line) => labels.every((label) => line.includes(label)));
  return chosen.map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
}
