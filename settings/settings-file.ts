import { basename } from "node:path";
import { type Document, isMap, isScalar, LineCounter, type Pair, parseDocument } from "yaml";
import { closestName } from "./closest-name.ts";
import type { RawValue, RawValues } from "./raw-values.ts";
import type { SettingName } from "./schema.ts";
import { isHarmlessWord } from "./secrets.ts";
import { isSettingName, SETTING_NAMES } from "./value-kind.ts";

/*
 * The settings file is YAML, a map of names to values. It is read with the "failsafe" schema, which leaves every scalar
 * the text that it is: 0123 stays 0123 and a key of digits keeps all of them. What a setting holds decides afterwards.
 */

/** What a settings file says, and what is wrong with it. */
export interface SettingsFileContents {
  readonly values: RawValues;
  readonly problems: readonly string[];
}

/** The library's own messages can quote the file, and the file holds keys: these are used instead. */
const YAML_FAULTS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "this name is set twice",
  TAB_AS_INDENT: "it is indented with a tab: use spaces",
  BAD_INDENT: "the indentation does not fit the lines above",
  MISSING_CHAR: "a colon, a quote or a bracket is missing, here or in the lines above",
  BAD_SCALAR_START: "this value must be quoted",
  BLOCK_AS_IMPLICIT_KEY: "a value with a colon must be quoted",
  MULTIPLE_DOCS: "there is more than one document, from `---` on",
  TAG_RESOLVE_FAILED: "tags (words that begin with !) are not supported: quote the value",
};

/** Faults after the first ones mostly follow from them. */
const MAX_FAULTS = 5;

/**
 * Reads the text of a settings file.
 * @param file its name, for messages, and its text.
 */
export function readSettingsFile(file: { name: string; text: string }): SettingsFileContents {
  const lines = new LineCounter();
  const document = parseDocument(file.text, { schema: "failsafe", prettyErrors: false, lineCounter: lines });
  const origin = (offset: number) => `${basename(file.name)}, line ${lines.linePos(offset).line}`;
  const faults = [...document.errors, ...document.warnings].map(
    (fault) => `cannot read ${origin(fault.pos[0])}: ${YAML_FAULTS[fault.code] ?? `not valid YAML (${fault.code})`}`,
  );
  if (faults.length > 0) {
    return { values: new Map(), problems: [...new Set(faults)].slice(0, MAX_FAULTS) };
  }
  if (document.contents === null) {
    return { values: new Map(), problems: [] };
  }
  if (!isMap(document.contents)) {
    return { values: new Map(), problems: [`cannot read ${basename(file.name)}: it must be a map of names to values`] };
  }
  return readPairs(document, document.contents.items, origin);
}

function readPairs(
  document: Document,
  pairs: readonly Pair[],
  origin: (offset: number) => string,
): SettingsFileContents {
  const values = new Map<SettingName, RawValue>();
  const problems: string[] = [];
  for (const pair of pairs) {
    const name = isScalar(pair.key) ? String(pair.key.value) : "";
    const where = origin(isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0);
    if (!isSettingName(name)) {
      problems.push(unknownName(name, where));
      continue;
    }
    const read = readValue(document, pair.value);
    if (!read.ok) {
      problems.push(`cannot use ${name} (${where}): it refers to an anchor that is not set above it`);
    } else if (read.value !== "") {
      values.set(name, { value: read.value, origin: where });
    }
  }
  return { values, problems };
}

function unknownName(name: string, where: string): string {
  if (!isHarmlessWord(name)) {
    return `cannot use ${where}: there is no setting of this name`;
  }
  const meant = closestName(name, SETTING_NAMES);
  return `cannot use ${name} (${where}): there is no setting of this name${meant ? `; did you mean ${meant}?` : ""}`;
}

/** The value of a pair in plain JavaScript; the empty text where nothing is set. */
function readValue(document: Document, node: unknown): { ok: true; value: unknown } | { ok: false } {
  if (node === null || (isScalar(node) && node.type === "PLAIN" && /^(~|null)$/i.test(String(node.value)))) {
    return { ok: true, value: "" };
  }
  try {
    const value: unknown = document.createNode(node).toJS(document);
    return { ok: true, value };
  } catch (error) {
    if (error instanceof ReferenceError) {
      return { ok: false };
    }
    throw error;
  }
}
