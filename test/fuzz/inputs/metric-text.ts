import type { Random } from "../../support/random.ts";
import { mutateBytes } from "../mutate-bytes.ts";
import { piecesOf, shuffleTokens } from "../mutate-text.ts";
import type { MakeInput } from "../run-fuzz.ts";

const PIECES = piecesOf(
  ...["{", "}", '"', "\\", '\\"', "\\n", ",", "=", " ", "\n", "__name__", "_tenant_id", "_server_id"],
  ...['a="b"', ',a="b"', '{a="b"}', '""', "up", "'", "é", "😀", "\0", "\ufeff", "x".repeat(300)],
);

const METRICS = [
  "up",
  "up{}",
  'up{job="node",path="a,b=\\"c\\"}"}',
  'm{ a = "1" , b = "C:\\\\dir", }',
  '{__name__="x",é="☃"}',
  'up{_tenant_id="b",_server_id="2"}',
] as const;

function corruptText(random: Random): string {
  const corruption = { pieces: PIECES, donor: Buffer.from(random.pick(METRICS)) };
  const bytes = random.pick([mutateBytes, shuffleTokens])(random, Buffer.from(random.pick(METRICS)), corruption);
  const text = bytes.toString("utf8");
  const at = random.below(text.length + 1);
  // Half a surrogate pair: JSON can say it, UTF-8 cannot.
  return random.below(20) === 0 ? `${text.slice(0, at)}\ud83d${text.slice(at)}` : text;
}

/** A corrupt metric in a good JSON payload. */
export const corruptMetric: MakeInput = (random) => {
  const metrics = [{ metric: corruptText(random), timestamp: 1_700_000_000, value: 1 }];
  const body = Buffer.from(JSON.stringify({ metrics }));
  return { url: "/prometheus/write", headers: { "content-type": "application/json" }, body };
};
