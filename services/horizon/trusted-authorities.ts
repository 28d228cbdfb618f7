import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

/** PEM certificates, or why there are none to be had. */
export type Authorities = { ok: true; pem: string | undefined } | { ok: false; problems: string[] };

/** Reads the file of VICTORIAMETRICS_CA_FILE, if one is set, and looks whether it holds certificates. */
export function readAuthorities(file: string | undefined): Authorities {
  if (file === undefined) {
    return { ok: true, pem: undefined };
  }
  try {
    const pem = readFileSync(file, "utf8");
    new X509Certificate(pem);
    return { ok: true, pem };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [`cannot use VICTORIAMETRICS_CA_FILE: ${words}`] };
  }
}
