import type { InjectOptions } from "fastify";
import type { Flux } from "../../../services/flux/handle-write.ts";
import { namesOf } from "./known-series.ts";
import { buildTestApp, KEY } from "./test-app.ts";

/** Headers of a sender that may do what it likes. */
export const SENDER = { key: KEY, "x-tenant-id": "acme", "x-server-id": "1" } as const;

/** A request to write, without its sender. */
export interface Posted {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string | Buffer;
}

/**
 * An intake without a Redis that notes the name of the series of every sample that it would have stored.
 * @param own settings other than those of all such intakes.
 */
export function recordingIntake(own: Readonly<Record<string, string>> = {}) {
  const stored: string[] = [];
  const commit: Flux["buffer"]["commit"] = async (kept) => {
    stored.push(...namesOf(kept));
    return { ok: true, registeredSeries: 0, blockBytes: 0 } as Awaited<ReturnType<Flux["buffer"]["commit"]>>;
  };
  const settings = { FLUX_MAX_BODY_BYTES: "100000", FLUX_MAX_UNCOMPRESSED_BYTES: "1000000", ...own };
  const { app, registry } = buildTestApp({ commit, settings });
  const post = async ({ url, payload, ...posted }: Posted, more: Record<string, string> = {}) => {
    const request: InjectOptions = { method: "POST", url, headers: { ...SENDER, ...posted.headers, ...more }, payload };
    const answer = await app.inject(request);
    // Two answers may be a second apart.
    const headers: Record<string, unknown> = { ...answer.headers, date: undefined };
    return { status: answer.statusCode, headers, text: answer.body };
  };
  /** Samples and series that the metrics count, by name and labels. */
  const counted = async () => {
    const lines = (await registry.metrics()).split("\n");
    return lines.filter((line) => /^flux_(samples|series_merged).*[1-9]\d*$/.test(line)).sort();
  };
  return { post, stored, counted };
}
