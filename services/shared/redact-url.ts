/**
 * A URL as it may be shown in logs and on /-/status: without user, password, query and fragment, where secrets stand.
 * The rest is kept letter for letter, placeholders like `{tenant}` too.
 */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) {
    return "(not a URL)";
  }
  return url.replace(/[?#].*$/s, "").replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1");
}
