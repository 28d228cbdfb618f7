import { z } from "zod";
import { DECIMAL } from "./decimal.ts";
import { type SettingName, settingsSchema } from "./schema.ts";

/** What a setting holds. */
export type ValueKind = "text" | "number" | "boolean" | "list" | "map";

/** Every setting, in the order of the schema. */
export const SETTING_NAMES: readonly SettingName[] = Object.keys(settingsSchema.shape).filter(isSettingName);

/** Whether a word is the name of a setting. */
export function isSettingName(word: string): word is SettingName {
  return Object.hasOwn(settingsSchema.shape, word);
}

/** What a setting holds, read from its schema. */
export function valueKind(name: SettingName): ValueKind {
  const schema = withoutDefault(settingsSchema.shape[name]);
  if (schema instanceof z.ZodNumber) {
    return "number";
  }
  if (schema instanceof z.ZodBoolean) {
    return "boolean";
  }
  if (schema instanceof z.ZodArray) {
    return "list";
  }
  return schema instanceof z.ZodRecord ? "map" : "text";
}

function withoutDefault(schema: z.ZodType): unknown {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}

/**
 * Turns text into what the setting holds: decimal numbers, `true` and `false`, lists and maps as JSON. Text that is
 * nothing of the kind, and what is not text, is given back as it came, for the schema to refuse.
 */
export function coerce(name: SettingName, value: unknown): unknown {
  if (typeof value !== "string") {
    return value;
  }
  const text = value.trim();
  switch (valueKind(name)) {
    case "number":
      return DECIMAL.test(text) ? Number(text) : value;
    case "boolean":
      return /^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : value;
    case "list":
    case "map":
      return parseJson(text) ?? value;
    case "text":
      return value;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Expected of a user's text; its message is not passed on because it quotes the text, which may be a secret.
    return undefined;
  }
}
