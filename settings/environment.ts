import type { RawValue, RawValues } from "./raw-values.ts";
import { SETTING_NAMES } from "./value-kind.ts";

/** The settings that stand in the environment. Variables that are empty count as not set. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): RawValues {
  const values = new Map<(typeof SETTING_NAMES)[number], RawValue>();
  for (const name of SETTING_NAMES) {
    const text = env[name];
    if (text !== undefined && text !== "") {
      values.set(name, { value: text, origin: "the environment" });
    }
  }
  return values;
}
