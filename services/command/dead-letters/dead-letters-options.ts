import { parseArguments } from "../command-options.ts";
import { type LetterFilter, parseAge } from "./letter-filter.ts";
import { type LetterId, parseLetterId } from "./letter-id.ts";

/** Dead letters that are named, or all that a filter means. */
export type LetterSelection =
  | { readonly kind: "named"; readonly ids: readonly LetterId[] }
  | { readonly kind: "all"; readonly filter: LetterFilter };

/** What `flux dead-letters` is asked to do. */
export type LetterRequest =
  | { readonly action: "list"; readonly filter: LetterFilter; readonly limit: number; readonly json: boolean }
  | { readonly action: "show"; readonly ids: readonly LetterId[]; readonly json: boolean }
  | { readonly action: "replay"; readonly selection: LetterSelection; readonly dryRun: boolean }
  | { readonly action: "purge"; readonly selection: LetterSelection; readonly yes: boolean };

export interface DeadLettersOptions {
  readonly redisUrl: string | undefined;
  readonly request: LetterRequest;
}

const DEFAULT_LIMIT = 100;

export const DEAD_LETTERS_USAGE = `Shows what Horizon has set aside because a store refuses it or it cannot be read, puts it back, or deletes it.

  flux dead-letters list                 a line each, the newest first: id, time, tenant, reason, sink, samples,
                                         series, the first words of the store
  flux dead-letters show ID…             all that a dead letter says, every sample, and what replaying it would do
  flux dead-letters replay ID… | --all   puts samples back into the buffer, from where Horizon writes them to all
                                         stores, and deletes the dead letter, both in one step. A store that has a
                                         sample already keeps one copy; one that refuses it still sets it aside again
  flux dead-letters purge ID… | --all    deletes without putting back

Which dead letters (list, and with --all replay and purge):

  --tenant NAME, --sink NAME, --reason REASON
  --since AGE    not older than 90s, 30m, 2h, 7d

Options:

  --limit N      list: at most N (${DEFAULT_LIMIT})
  --json         list, show: print JSON
  --dry-run      replay: only say what would be put back
  --yes          purge: do it; without it, only say what would be deleted
  --redis URL    which Redis; by default what REDIS_URL says

REDIS_KEY_PREFIX, HORIZON_SHARDS and what else counts are read as the services read them, from the file that
FLUX_SETTINGS names and from the environment.

Exit code: 0 when all was done; 1 when a dead letter is not there or cannot be replayed, which says why; 2 when nothing
could be done, and when purge lacks --yes.
`;

const OPTIONS = {
  redis: { type: "string" },
  all: { type: "boolean" },
  tenant: { type: "string" },
  sink: { type: "string" },
  reason: { type: "string" },
  since: { type: "string" },
  limit: { type: "string" },
  json: { type: "boolean" },
  "dry-run": { type: "boolean" },
  yes: { type: "boolean" },
} as const;

type OptionName = keyof typeof OPTIONS;
type Action = LetterRequest["action"];

const FILTERS = ["tenant", "sink", "reason", "since"] as const;
const OPTIONS_OF: Readonly<Record<Action, readonly OptionName[]>> = {
  list: ["redis", ...FILTERS, "limit", "json"],
  show: ["redis", "json"],
  replay: ["redis", "all", ...FILTERS, "dry-run"],
  purge: ["redis", "all", ...FILTERS, "yes"],
};

export type ParsedDeadLetters = { ok: true; options: DeadLettersOptions } | { ok: false; problems: string[] };
type Values = {
  readonly [Name in OptionName]?: ((typeof OPTIONS)[Name]["type"] extends "string" ? string : boolean) | undefined;
};

/** Reads the command line of `flux dead-letters`. @returns what is asked for, or everything that is wrong with it. */
export function parseDeadLettersOptions(args: readonly string[]): ParsedDeadLetters {
  const parsed = parseArguments(args, OPTIONS);
  if (!parsed.ok) {
    return { ok: false, problems: [parsed.problem] };
  }
  const values: Values = parsed.values;
  const [action, ...words] = parsed.positionals;
  if (!isAction(action)) {
    return { ok: false, problems: ["say what to do: list, show, replay or purge"] };
  }
  const problems = [
    ...strangeOptions(action, values),
    ...words.flatMap((word) => (parseLetterId(word) ? [] : [idProblem(word)])),
    ...selectionProblems(action, values, words),
    ...(values.since === undefined || parseAge(values.since) !== undefined
      ? []
      : ["--since must be an age like 90s, 30m, 2h or 7d"]),
    ...(/^[1-9]\d{0,6}$/.test(values.limit ?? "1") ? [] : ["--limit must be a number from 1"]),
  ];
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, options: { redisUrl: values.redis, request: requestOf(action, values, words) } };
}

function isAction(word: string | undefined): word is Action {
  return word !== undefined && Object.hasOwn(OPTIONS_OF, word);
}

function strangeOptions(action: Action, values: Values): string[] {
  const strange = Object.keys(values).filter((name) => !OPTIONS_OF[action].some((known) => known === name));
  return strange.map((name) => `${action} has no option --${name}`);
}

function idProblem(word: string): string {
  return `${JSON.stringify(word.slice(0, 80))} is not the id of a dead letter: list shows them, like 0/1767270630000-0`;
}

function selectionProblems(action: Action, values: Values, words: readonly string[]): string[] {
  const isNamed = words.length > 0;
  switch (action) {
    case "list":
      return isNamed ? ["list takes no ids; show does"] : [];
    case "show":
      return isNamed ? [] : ["show which? give ids, as list shows them"];
    case "replay":
    case "purge":
      if (isNamed === (values.all === true)) {
        return [`${action} which? give either ids, as list shows them, or --all`];
      }
      return isNamed && FILTERS.some((name) => values[name] !== undefined)
        ? ["--tenant, --sink, --reason and --since go with --all, not with ids"]
        : [];
  }
}

function requestOf(action: Action, values: Values, words: readonly string[]): LetterRequest {
  const { tenant, sink, reason, since, json = false } = values;
  const filter = { tenant, sink, reason, sinceMs: since === undefined ? undefined : parseAge(since) };
  const ids = words.flatMap((word) => parseLetterId(word) ?? []);
  const selection: LetterSelection = values.all ? { kind: "all", filter } : { kind: "named", ids };
  switch (action) {
    case "list":
      return { action, filter, limit: Number(values.limit ?? DEFAULT_LIMIT), json };
    case "show":
      return { action, ids, json };
    case "replay":
      return { action, selection, dryRun: values["dry-run"] ?? false };
    case "purge":
      return { action, selection, yes: values.yes ?? false };
  }
}
