import type { SettingName } from "./schema.ts";

/** A setting as it was written, before it is checked. */
export interface RawValue {
  /** Text, or lists and maps of text. */
  readonly value: unknown;
  /** Where it was written, for messages: `flux.yml, line 3` or `the environment`. */
  readonly origin: string;
}

/** The settings that somebody wrote. */
export type RawValues = ReadonlyMap<SettingName, RawValue>;
