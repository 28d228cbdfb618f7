import { loadSettings } from "../../settings/load.ts";
import type { Settings } from "../../settings/schema.ts";

/** The settings that the services have, and where the Redis of the buffer is. */
export type BufferSettings =
  | { readonly ok: true; readonly settings: Settings; readonly url: string }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads the settings as the services do: from the file that FLUX_SETTINGS names, and from the environment.
 * @param redisUrl what `--redis` says, which wins over REDIS_URL.
 */
export async function readBufferSettings(
  env: Readonly<Record<string, string | undefined>>,
  redisUrl: string | undefined,
): Promise<BufferSettings> {
  const loaded = await loadSettings(env);
  if (!loaded.ok) {
    return loaded;
  }
  const url = redisUrl ?? loaded.settings.REDIS_URL;
  if (url === undefined) {
    return { ok: false, problems: ["which Redis? give --redis URL, or set REDIS_URL"] };
  }
  return URL.canParse(url)
    ? { ok: true, settings: loaded.settings, url }
    : { ok: false, problems: ["--redis must be a URL like redis://127.0.0.1:6379"] };
}
