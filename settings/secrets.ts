import type { SettingName } from "./schema.ts";

/**
 * Whether the value of a setting may not be shown to anybody: keys, tokens, and URLs, which can hold a password.
 */
export function isSecret(name: SettingName): boolean {
  return name === "FLUX_SELF_API_KEY" || name === "FLUX_API_KEYS" || /_(URLS?|TOKEN)$/.test(name);
}

/**
 * Whether a word from a settings file may be repeated in a message. An API key that stands where a name belongs must
 * not be; our names have no digits, keys nearly always do.
 */
export function isHarmlessWord(word: string): boolean {
  return /^[A-Za-z_]{1,48}$/.test(word);
}
