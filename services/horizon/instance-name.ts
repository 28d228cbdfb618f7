import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { pid } from "node:process";

/** A name for this process that no other ever has, and that tells an operator where it runs. Without a colon. */
export function createInstanceName(): string {
  const host = hostname().replace(/[^A-Za-z0-9_.-]/g, "_");
  return `${host}-${pid}-${randomBytes(4).toString("hex")}`;
}
