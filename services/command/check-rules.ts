import { type LoadResult, loadSettings, parseSettings } from "../../settings/load.ts";
import type { Payload } from "../flux/formats/payload.ts";
import { BLOCK_FORMAT, type BufferFormat } from "../flux/intake/buffer-format.ts";
import type { Sender } from "../flux/intake/identity.ts";
import { takeIn } from "../flux/intake/intake.ts";
import { type CompiledSource, compileSource } from "../flux/intake/rules.ts";
import { scratchStream } from "../flux/intake/scratch-stream.ts";
import { SeriesTable } from "../flux/intake/series-table.ts";
import type { Deciding, Stream } from "../flux/intake/stream.ts";
import { StreamTable } from "../flux/intake/stream-table.ts";
import { boundsAt } from "../flux/intake/time-bounds.ts";
import { openStream, RULES_TOO_SLOW } from "../flux/open-stream.ts";
import { type Policy, policyFrom, type Terms, termsOf } from "../flux/policy.ts";
import type { TakenRequest } from "../flux/request-explanation.ts";
import { SKYLINE_FORMAT } from "../flux/skyline-format.ts";
import { compileSkipLists, type SkipLists } from "../horizon/skip-lists.ts";
import { referenceCodec } from "../kernel/reference.ts";
import { TextSeriesIndex } from "../kernel/text-series-index.ts";
import type { PatternLimits } from "../shared/pattern-matcher.ts";
import { createSeriesHasher } from "../shared/series-id.ts";
import { readCheckInput } from "./check-input.ts";
import { CHECK_RULES_USAGE, type CheckRulesOptions, parseCheckRulesOptions } from "./check-rules-options.ts";
import { type Command, type CommandIo, EXIT_FOUND, EXIT_OK, failWith, readNamedFile } from "./command.ts";
import { checkRules, type RuleCheck } from "./rule-check.ts";
import { ruleCheckText } from "./rule-check-text.ts";
import { parseRulesFile } from "./rules-file.ts";

/** `flux check-rules`: what rules do with series, without a Flux. The same code decides as in the services. */
export const checkRulesCommand: Command = {
  name: "check-rules",
  summary: "what the rules do with series: kept, dropped, skipped, merged, and by which rule",
  usage: CHECK_RULES_USAGE,
  run,
};

type Checked = { ok: true; check: RuleCheck } | { ok: false; problems: readonly string[] };

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseCheckRulesOptions(args);
  const checked = parsed.ok ? await check(parsed.options, io) : parsed;
  if (!parsed.ok || !checked.ok) {
    return failWith(io, "check-rules", checked.ok ? [] : checked.problems);
  }
  if (parsed.options.json) {
    io.stdout.write(`${JSON.stringify(checked.check, undefined, 2)}\n`);
  } else {
    for (const line of ruleCheckText(checked.check)) {
      io.stdout.write(line);
    }
  }
  const { merged, skipped, dropped, refused } = checked.check.summary;
  return merged + skipped + dropped + refused === 0 ? EXIT_OK : EXIT_FOUND;
}

async function check(options: CheckRulesOptions, io: CommandIo): Promise<Checked> {
  const configured = configure(await readSettings(options, io));
  if (!configured.ok) {
    return configured;
  }
  const identified = senderOf(options, configured.policy);
  if (!identified.ok) {
    return identified;
  }
  const own = await readRules(options, configured.policy.patternLimits);
  if (!own.ok) {
    return own;
  }
  const terms = termsOf(configured.policy, identified.sender);
  const withOwnRules = { ...terms, rules: [...terms.rules, ...own.sources] };
  return checkInput(options, io, { configured, sender: identified.sender, terms: withOwnRules });
}

/** Who sends, and what holds for it. */
interface CheckTerms {
  readonly configured: Configured;
  readonly sender: Sender;
  readonly terms: Terms;
}

async function checkInput(options: CheckRulesOptions, io: CommandIo, checking: CheckTerms): Promise<Checked> {
  const { configured, sender, terms } = checking;
  const nowMs = Date.now();
  const reading = { codec: referenceCodec, limits: terms.limits, influx: terms.influx, nowMs };
  const input = await readCheckInput(options, io.stdin, reading);
  if (!input.ok) {
    return input;
  }
  const opened = openStream(oneStream(), configured.policy, terms, sender, input.headers);
  if (!opened.ok) {
    return { ok: false, problems: [opened.detail] };
  }
  const hasher = await createSeriesHasher();
  const deciding = { codec: referenceCodec, hasher, limits: terms.limits, shards: 1, format: configured.format };
  const taken = takeForCheck(input.payload, opened.stream.stream, deciding, nowMs);
  if (taken) {
    return { ok: true, check: checkRules(taken, configured.skipLists, sender) };
  }
  const isTooSlow = opened.stream.stream.rules.budget?.isExceeded;
  const problem = isTooSlow ? RULES_TOO_SLOW.detail : "the labels of a series are not protobuf";
  return { ok: false, problems: [`Flux would refuse the request: ${problem}`] };
}

/** Takes a payload in as Flux would, for nobody to store. */
function takeForCheck(payload: Payload, stream: Stream, deciding: Deciding, nowMs: number): TakenRequest | undefined {
  const scratch = scratchStream(stream, payload.request.series.length);
  // A captured body may be of any age: what is asked for is the rules.
  const intake = takeIn(payload.request, scratch, deciding, boundsAt(nowMs, 0, 0));
  return intake && { payload, intake, stream: scratch, codec: deciding.codec };
}

/** Only its rules are of interest, which are compiled when it is opened. */
function oneStream(): StreamTable {
  return new StreamTable(new SeriesTable(new TextSeriesIndex(), 1), 1);
}

function readSettings({ settings }: CheckRulesOptions, { env }: CommandIo): Promise<LoadResult> {
  if (settings === "none") {
    return Promise.resolve(parseSettings(undefined, { DROP_LABELS: "[]" }));
  }
  return loadSettings(settings === "environment" ? env : { ...env, FLUX_SETTINGS: settings.file });
}

/** The part of the settings that decides about series. */
interface Configured {
  readonly ok: true;
  readonly policy: Policy;
  readonly skipLists: SkipLists;
  readonly format: BufferFormat;
}

function configure(loaded: LoadResult): Configured | { ok: false; problems: string[] } {
  if (!loaded.ok) {
    return loaded;
  }
  const { settings } = loaded;
  const made = policyFrom(settings);
  const compiled = compileSkipLists(settings);
  if (made.ok && compiled.ok) {
    const format = settings.BUFFER_FORMAT === "skyline" ? SKYLINE_FORMAT : BLOCK_FORMAT;
    return { ok: true, policy: made.policy, skipLists: compiled.lists, format };
  }
  return { ok: false, problems: [...(made.ok ? [] : made.problems), ...(compiled.ok ? [] : compiled.problems)] };
}

function senderOf(
  { keyIndex, tenant, server, namespace }: CheckRulesOptions,
  { keys }: Policy,
): { ok: true; sender: Sender } | { ok: false; problems: string[] } {
  const grant = keys.entries.find((entry) => entry.grant.keyIndex === keyIndex)?.grant;
  if (!grant && keyIndex > 0) {
    return { ok: false, problems: [`--key-entry ${keyIndex}: FLUX_API_KEYS has no such entry`] };
  }
  const name = tenant ?? grant?.defaultTenant ?? "tenant";
  if (grant && grant.tenants !== "any" && !grant.tenants.has(name)) {
    return { ok: false, problems: [`--key-entry ${keyIndex}: this key may not write for the tenant ${name}`] };
  }
  return {
    ok: true,
    sender: {
      tenant: name,
      server: server ?? grant?.defaultServer ?? "server",
      namespace: namespace ?? grant?.namespace ?? name,
      keyIndex,
    },
  };
}

/** The rules of the file that is to be tried out, if there is one. */
async function readRules(
  { rulesFile }: CheckRulesOptions,
  limits: PatternLimits,
): Promise<{ ok: true; sources: CompiledSource[] } | { ok: false; problems: string[] }> {
  if (rulesFile === undefined) {
    return { ok: true, sources: [] };
  }
  const parsed = parseRulesFile(rulesFile, (await readNamedFile(rulesFile)).toString("utf8"));
  if (!parsed.ok) {
    return { ok: false, problems: [parsed.problem] };
  }
  const made = compileSource(parsed.source, limits);
  return made.ok ? { ok: true, sources: [made.compiled] } : { ok: false, problems: [made.detail] };
}
