/*
 * The places of a request to InfluxDB that can name a tenant, its server and the server's URL.
 */

/** What a place says; absent where it says nothing. */
export interface SenderWords {
  readonly tenant?: string;
  readonly server?: string;
  readonly url?: string;
}

/** @property why never quotes the place: it may be a user name. */
export type ReadWords =
  | { readonly ok: true; readonly words: SenderWords }
  | { readonly ok: false; readonly why: string };

const IN_PATH = /\/t\/([^/]*)\/s\/([^/]*)(?:\/api\/v2)?\/write$/;
/** What the adapter and other clients send for want of a retention policy. */
const NO_RETENTION = new Set(["", "autogen", "default"]);

/** `/t/{tenant}/s/{server}` before `/write` or `/api/v2/write`. */
export function pathWords(path: string): ReadWords {
  const [, encodedTenant, encodedServer] = IN_PATH.exec(path) ?? [];
  if (encodedTenant === undefined || encodedServer === undefined) {
    return words({});
  }
  const tenant = decodePercent(encodedTenant);
  const server = decodePercent(encodedServer);
  return tenant === undefined || server === undefined
    ? { ok: false, why: "the path has a % that is not an escape" }
    : words({ tenant, server });
}

/** A user name: `{tenant}`, `{tenant}/{server}`, or `tenant=…;server=…;url=…` with escapes as in a URL. */
export function userWords(user: string): ReadWords {
  if (user.includes("=")) {
    return userMembers(user);
  }
  const [tenant, server] = splitAtSlash(user);
  return words({ tenant, server });
}

function userMembers(user: string): ReadWords {
  const found = new Map<string, string>();
  for (const member of user.split(";").filter((text) => text.trim() !== "")) {
    const equals = member.indexOf("=");
    const name = member.slice(0, Math.max(0, equals)).trim();
    const value = decodePercent(member.slice(equals + 1).trim());
    if (!["tenant", "server", "url"].includes(name) || found.has(name)) {
      return { ok: false, why: "a user name with = must be tenant=…;server=…;url=…, each at most once" };
    }
    if (value === undefined) {
      return { ok: false, why: "the user name has a % that is not an escape" };
    }
    found.set(name, value);
  }
  return words({ tenant: found.get("tenant"), server: found.get("server"), url: found.get("url") });
}

/** `?bucket={database}/{server}`, as InfluxDB 1.8 takes database and retention policy. */
export function bucketWords(bucket: string): ReadWords {
  const [database, retention] = splitAtSlash(bucket);
  return database === "" && bucket !== ""
    ? { ok: false, why: "the bucket must be {name} or {name}/{server}, and its name is empty" }
    : retentionWords(retention);
}

/** The name in `?bucket={name}` or `?bucket={name}/{server}`. */
export function bucketName(bucket: string): string {
  return splitAtSlash(bucket)[0];
}

/** `?rp={server}`. */
export function retentionWords(retention: string): ReadWords {
  return words({ server: NO_RETENTION.has(retention) ? "" : retention });
}

function words({ tenant, server, url }: { [Name in keyof SenderWords]: SenderWords[Name] | undefined }): ReadWords {
  return { ok: true, words: { ...(tenant && { tenant }), ...(server && { server }), ...(url && { url }) } };
}

/** The text before the first slash and after it. */
function splitAtSlash(text: string): [before: string, after: string] {
  const slash = text.indexOf("/");
  return slash < 0 ? [text, ""] : [text.slice(0, slash), text.slice(slash + 1)];
}

function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) {
      return undefined;
    }
    throw error;
  }
}
