import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { crossChecks } from "./cross-checks.ts";
import { readEnvironment } from "./environment.ts";
import { faultsOf, issueText, type ValueFault } from "./issue-text.ts";
import type { RawValues } from "./raw-values.ts";
import { RELOADABLE_SETTINGS } from "./reloadable.ts";
import { type SettingName, type Settings, settingsSchema } from "./schema.ts";
import { isSecret } from "./secrets.ts";
import { readSettingsFile } from "./settings-file.ts";
import { coerce, isSettingName, SETTING_NAMES } from "./value-kind.ts";

/** Settings, or everything that is wrong with them, one sentence each. */
export type LoadResult = { ok: true; settings: Settings } | { ok: false; problems: string[] };

type Environment = Readonly<Record<string, string | undefined>>;

const MAX_SHOWN_CHARACTERS = 60;

/**
 * Checks the settings of a file and of the environment, which wins where both set the same.
 * @param file its name, for messages, and its text; undefined where there is none.
 * @param env environment variables. Scalars are text, lists and maps JSON; an empty variable counts as not set.
 */
export function parseSettings(file: { name: string; text: string } | undefined, env: Environment): LoadResult {
  const fromFile = file ? readSettingsFile(file) : { values: new Map(), problems: [] };
  const raw: RawValues = new Map([...fromFile.values, ...readEnvironment(env)]);
  const values = Object.fromEntries([...raw].map(([name, { value }]) => [name, coerce(name, value)]));
  const parsed = settingsSchema.safeParse(values, { error: issueText });
  const faults = parsed.success ? [] : parsed.error.issues.flatMap(faultsOf);
  const problems = [...fromFile.problems, ...faults.map((fault) => describeFault(fault, values, raw))];
  if (!parsed.success || problems.length > 0) {
    return { ok: false, problems };
  }
  const conflicts = crossChecks(parsed.data);
  return conflicts.length > 0 ? { ok: false, problems: conflicts } : { ok: true, settings: parsed.data };
}

/**
 * Reads the file that the variable FLUX_SETTINGS names, if any, and checks it together with the environment.
 * A file that cannot be read is a problem like any other.
 */
export async function loadSettings(env: Environment): Promise<LoadResult> {
  const name = env["FLUX_SETTINGS"];
  if (name === undefined || name === "") {
    return parseSettings(undefined, env);
  }
  let text: string;
  try {
    text = await readFile(name, "utf8");
  } catch (error) {
    const others = parseSettings(undefined, env);
    return { ok: false, problems: [describeUnreadable(name, error), ...(others.ok ? [] : others.problems)] };
  }
  return parseSettings({ name, text }, env);
}

/** The settings that differ and that a running service cannot take up, in the order of the schema. */
export function settingsThatNeedRestart(before: Settings, after: Settings): SettingName[] {
  return SETTING_NAMES.filter(
    (name) => !(RELOADABLE_SETTINGS.has(name) || isDeepStrictEqual(before[name], after[name])),
  );
}

/** Settings with what a running service can take up of newer ones. */
export function takeReloadable(before: Settings, after: Settings): Settings {
  const names = SETTING_NAMES.filter((name) => RELOADABLE_SETTINGS.has(name));
  return { ...before, ...Object.fromEntries(names.map((name) => [name, after[name]])) };
}

function describeFault(fault: ValueFault, values: Record<string, unknown>, raw: RawValues): string {
  const [name = "", ...inside] = fault.path.map(String);
  const origin = isSettingName(name) ? raw.get(name)?.origin : undefined;
  const place = describePlace(name, values[name], fault.path.slice(1));
  const shown = isSettingName(name) && !isSecret(name) ? showValue(values[name], inside) : "";
  const not = fault.text.startsWith("must") && shown !== "" ? `, not ${shown}` : "";
  return `cannot use ${name}${place}${origin ? ` (${origin})` : ""}: ${fault.text}${not}`;
}

/** Where inside a setting, counted from 1. API keys are map keys: an entry is named by its position instead. */
function describePlace(name: string, value: unknown, path: readonly PropertyKey[]): string {
  const words = path.map((step, depth) => {
    if (name === "FLUX_API_KEYS" && depth === 0 && typeof value === "object" && value !== null) {
      return `entry ${Object.keys(value).indexOf(String(step)) + 1}`;
    }
    return typeof step === "number" ? `entry ${step + 1}` : String(step);
  });
  return words.map((word) => `, ${word}`).join("");
}

function showValue(value: unknown, path: readonly string[]): string {
  let part: unknown = value;
  for (const step of path) {
    part = typeof part === "object" && part !== null ? Reflect.get(part, step) : undefined;
  }
  if (typeof part !== "string" && typeof part !== "number" && typeof part !== "boolean") {
    return "";
  }
  const text = JSON.stringify(part);
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
}

function describeUnreadable(name: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file",
    EACCES: "permission denied",
    EISDIR: "it is a folder",
  };
  return `cannot read ${name}, which FLUX_SETTINGS names: ${reasons[code] ?? code}`;
}
