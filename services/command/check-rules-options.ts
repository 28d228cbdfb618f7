import { IDENTIFIER } from "../../settings/schema.ts";
import { parseOptions } from "./command-options.ts";

/** What `flux check-rules` is asked for. */
export interface CheckRulesOptions {
  /** Headers by lower-case name, as a sender would send them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rulesFile: string | undefined;
  /** "none": the settings' rules are left out. "environment": as the services find them. */
  readonly settings: "none" | "environment" | { readonly file: string };
  readonly tenant: string | undefined;
  readonly server: string | undefined;
  readonly namespace: string | undefined;
  /** Number of an entry of FLUX_API_KEYS, 0 for FLUX_SELF_API_KEY. */
  readonly keyIndex: number;
  /** Where names are read from; standard input where undefined. */
  readonly namesFile: string | undefined;
  readonly bodyFile: string | undefined;
  /** Path and query that the body was sent to. */
  readonly url: string;
  readonly json: boolean;
}

export const CHECK_RULES_USAGE = `Says what rules do with series: kept as what, dropped or skipped by which rule, which labels are
taken away, which series become the same. Nothing is sent anywhere.

  flux check-rules [options] [FILE]      names of series, one a line, from FILE or standard input:
                                         up, up{job="node"}, or what a target's /metrics says
  flux check-rules [options] --body FILE a captured request; - is standard input

The rules are those of the settings (FLUX_SETTINGS and the environment, as the services read them), and:

  --drop-metrics TEXT          as the headers dropMetrics, doNotDropMetrics and dropLabels
  --do-not-drop-metrics TEXT
  --drop-labels TEXT
  --rules FILE                 dropMetrics, doNotDropMetrics, dropLabels in YAML or JSON
  --settings FILE              this settings file instead of the one that FLUX_SETTINGS names
  --no-settings                no rules but those given here

Who sends (rules may name them; rules of a tenant or key apply to theirs alone):

  --tenant NAME                "tenant" unless the key implies one
  --server NAME                "server" unless the key implies one
  --key-entry N                with the Nth key of FLUX_API_KEYS
  --namespace NAME             for the skip lists; by default the key's, or else the tenant

How a body was sent:

  --url PATH                   /prometheus/write by default; /write?precision=s for line protocol
  --content-type TEXT, --content-encoding TEXT

  --json                       print JSON

Exit code: 0 when every series is kept as a series of its own; 1 when any is dropped, skipped, refused, or made the same
as another; 2 when the check could not be done.
`;

const OPTIONS = {
  "drop-metrics": { type: "string" },
  "do-not-drop-metrics": { type: "string" },
  "drop-labels": { type: "string" },
  rules: { type: "string" },
  settings: { type: "string" },
  "no-settings": { type: "boolean" },
  tenant: { type: "string" },
  server: { type: "string" },
  namespace: { type: "string" },
  "key-entry": { type: "string" },
  body: { type: "string" },
  url: { type: "string" },
  "content-type": { type: "string" },
  "content-encoding": { type: "string" },
  json: { type: "boolean" },
} as const;

export type ParsedCheckRules = { ok: true; options: CheckRulesOptions } | { ok: false; problems: string[] };

/** Reads the command line of `flux check-rules`. @returns what is asked for, or everything that is wrong with it. */
export function parseCheckRulesOptions(args: readonly string[]): ParsedCheckRules {
  const parsed = parseOptions(args, OPTIONS);
  if (!parsed.ok) {
    return { ok: false, problems: [parsed.problem] };
  }
  const { values, file } = parsed;
  const problems = [
    ...(["tenant", "server", "namespace"] as const).flatMap((name) => identifierProblem(name, values[name])),
    ...(/^\d{1,9}$/.test(values["key-entry"] ?? "0") ? [] : ["--key-entry must be a number"]),
    ...(values.body !== undefined && file !== undefined ? ["either names or --body, not both"] : []),
    ...(values.settings !== undefined && values["no-settings"] ? ["either --settings or --no-settings, not both"] : []),
  ];
  if (problems.length > 0) {
    return { ok: false, problems };
  }
  const { rules, tenant, server, namespace, body, url = "/prometheus/write", json = false } = values;
  const settings = values.settings === undefined ? "environment" : { file: values.settings };
  return {
    ok: true,
    options: {
      headers: headersOf(values),
      rulesFile: rules,
      settings: values["no-settings"] ? "none" : settings,
      keyIndex: Number(values["key-entry"] ?? 0),
      namesFile: file,
      bodyFile: body,
      ...{ tenant, server, namespace, url, json },
    },
  };
}

function identifierProblem(name: string, value: string | undefined): string[] {
  return value === undefined || IDENTIFIER.test(value)
    ? []
    : [`--${name} must be 1 to 128 characters of A-Z a-z 0-9 _ . : -, not ${JSON.stringify(value.slice(0, 80))}`];
}

const HEADER_OPTIONS = [
  ["drop-metrics", "dropmetrics"],
  ["do-not-drop-metrics", "donotdropmetrics"],
  ["drop-labels", "droplabels"],
  ["content-type", "content-type"],
  ["content-encoding", "content-encoding"],
] as const;

function headersOf(values: { readonly [Name in (typeof HEADER_OPTIONS)[number][0]]?: string | undefined }) {
  const headers: Record<string, string> = {};
  for (const [option, header] of HEADER_OPTIONS) {
    const value = values[option];
    if (value !== undefined) {
      headers[header] = value;
    }
  }
  return headers;
}
