import { readFileSync } from "node:fs";

/** The version in package.json, which lies above both the sources and the compiled files. */
export function readVersion(): string {
  for (const path of ["../../package.json", "../../../package.json"]) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
      if (typeof parsed === "object" && parsed !== null && "version" in parsed) {
        return String(parsed.version);
      }
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) {
        throw error;
      }
    }
  }
  return "unknown";
}
