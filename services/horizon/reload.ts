import { type LoadResult, settingsThatNeedRestart } from "../../settings/load.ts";
import type { Settings } from "../../settings/schema.ts";
import { compileSkipLists, type SkipLists } from "./skip-lists.ts";

export type Reloaded =
  | { ok: true; settings: Settings; skipLists: SkipLists; needRestart: readonly string[] }
  | { ok: false; problems: readonly string[] };

/**
 * Makes what a running Horizon takes up of new settings. Nothing is changed here.
 * @param started the settings that it was started with.
 */
export function prepareReload(started: Settings, loaded: LoadResult): Reloaded {
  if (!loaded.ok) {
    return loaded;
  }
  const { settings } = loaded;
  const compiled = compileSkipLists(settings);
  return compiled.ok
    ? { ok: true, settings, skipLists: compiled.lists, needRestart: settingsThatNeedRestart(started, settings) }
    : compiled;
}
