import type { Random } from "../support/random.ts";
import { writeRequestBody } from "../support/write-request.ts";
import type { FuzzInput } from "./fuzz-intake.ts";
import { type Corruption, mutateBytes } from "./mutate-bytes.ts";
import { shuffleTokens } from "./mutate-text.ts";

/** Series that patterns have something to do with. */
const BODY = writeRequestBody(
  [
    { __name__: "up", job: "node", pod: "web-1", monitor: "master" },
    { __name__: "go_threads", zone: "eu", pod: "db-22" },
    { __name__: "http_seconds_bucket", le: "0.5", path: `/${"aé.".repeat(100)}` },
    { __name__: "a".repeat(200) },
  ].map((labels) => ({ labels, samples: [{ timestampMs: 1, value: 1 }] })),
);

/** A good request with this header. */
export function withHeader(name: string, value: string): FuzzInput {
  return { url: "/api/v1/write", headers: { [name]: value }, body: BODY };
}

/** A good request with a header that was made corrupt. */
export function mutateHeader(random: Random, name: string, value: string, pieces: Corruption["pieces"]): FuzzInput {
  const bytes = Buffer.from(value);
  const corrupt = random.pick([mutateBytes, shuffleTokens])(random, bytes, { pieces, donor: bytes });
  return withHeader(name, corrupt.toString("utf8"));
}
