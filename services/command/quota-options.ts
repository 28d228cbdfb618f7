import { parseArguments } from "./command-options.ts";

/** What `flux quota` is asked to do with the series that have a place in the quota of a namespace. */
export type QuotaRequest =
  | { readonly action: "list"; readonly namespace: string; readonly json: boolean }
  | {
      readonly action: "remove";
      readonly namespace: string;
      readonly names: readonly string[];
      readonly patterns: readonly string[];
      readonly dryRun: boolean;
    };

export interface QuotaOptions {
  readonly redisUrl: string | undefined;
  readonly request: QuotaRequest;
}

export const QUOTA_USAGE = `Shows which series have a place in the quota of a namespace (FLUX_NAMESPACE_QUOTAS), and takes places away.

  flux quota list NAMESPACE              their names, a line each
  flux quota remove NAMESPACE            those that are named, and those that a pattern matches. From then on they need
                                         a place like new series: one that is still sent takes it again, if there is
                                         one, unless a rule drops it

  --json           list: print JSON
  --name NAME      remove: as list shows it; may be given more than once, as --pattern
  --pattern TEXT   remove: as in dropMetrics
  --dry-run        remove: only say what would be removed
  --redis URL      which Redis; by default what REDIS_URL says

REDIS_KEY_PREFIX, HORIZON_SHARDS and what else counts are read as the services read them, from the file that
FLUX_SETTINGS names and from the environment.

Exit code: 0 when all was done; 1 when a name or pattern is of no series that has a place; 2 when nothing could be done.
`;

const OPTIONS = {
  redis: { type: "string" },
  json: { type: "boolean" },
  name: { type: "string", multiple: true },
  pattern: { type: "string", multiple: true },
  "dry-run": { type: "boolean" },
} as const;

const OPTIONS_OF = {
  list: ["redis", "json"],
  remove: ["redis", "name", "pattern", "dry-run"],
} as const satisfies Record<QuotaRequest["action"], readonly (keyof typeof OPTIONS)[]>;

/** Reads the command line of `flux quota`. @returns what is asked for, or everything that is wrong with it. */
export function parseQuotaOptions(
  args: readonly string[],
): { ok: true; options: QuotaOptions } | { ok: false; problems: string[] } {
  const parsed = parseArguments(args, OPTIONS);
  if (!parsed.ok) {
    return { ok: false, problems: [parsed.problem] };
  }
  const { values, positionals } = parsed;
  const [action, namespace, ...others] = positionals;
  if (action !== "list" && action !== "remove") {
    return { ok: false, problems: ["say what to do: list or remove"] };
  }
  const { redis: redisUrl, json = false, name: names = [], pattern: patterns = [] } = values;
  const strange = Object.keys(values).filter((name) => !OPTIONS_OF[action].some((known) => known === name));
  const isNothingMeant = action === "remove" && names.length + patterns.length === 0;
  const problems = [
    ...strange.map((name) => `${action} has no option --${name}`),
    ...(isNothingMeant ? ["remove which series? give --name or --pattern"] : []),
    ...others.map((word) => `one namespace at a time, ${JSON.stringify(word.slice(0, 80))} is too much`),
  ];
  if (namespace === undefined) {
    return { ok: false, problems: [`${action} of which namespace?`, ...problems] };
  }
  if (problems.length > 0) {
    return { ok: false, problems };
  }
  const dryRun = values["dry-run"] ?? false;
  const request: QuotaRequest =
    action === "list" ? { action, namespace, json } : { action, namespace, names, patterns, dryRun };
  return { ok: true, options: { redisUrl, request } };
}
