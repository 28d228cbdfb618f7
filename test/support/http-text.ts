const TIMEOUT_MS = 30_000;

/**
 * Asks a web server, with a form where there are parameters, and gives its answer.
 * @throws Error with status and answer when it is not 2xx.
 */
export async function httpText(url: string, form?: Readonly<Record<string, string>>): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, form ? { method: "POST", body: new URLSearchParams(form), signal } : { signal });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`cannot ask ${url}: ${response.status} ${text}`);
  }
  return text;
}
