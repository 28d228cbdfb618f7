import type { StoredLetter } from "../../../services/command/dead-letters/letter-summary.ts";
import {
  deadBlockFields,
  type LetterFields,
  parseDeadLetter,
  refusedFields,
} from "../../../services/horizon/dead-letters.ts";
import type { DeadBlockReason } from "../../../services/horizon/reasons.ts";
import type { RefusedSamples } from "../../../services/horizon/sinks/sink.ts";
import { knownSeries } from "../../horizon/support/known-series.ts";

const SERIES = knownSeries(255n, { __name__: "up", _server_id: "s1", _tenant_id: "t1", job: "node" });

/** Refused samples of `up{_tenant_id="t1",_server_id="s1",job="node"}`, but for what is given otherwise. */
export function refused(given: Partial<RefusedSamples> = {}): RefusedSamples {
  const samples = [{ timestampMs: 1_767_270_600_000, bits: 0x3ff8000000000000n }];
  return { series: SERIES, tenant: "t1", namespace: "ns", detail: "400 no", samples, ...given };
}

/** A letter of samples, as it is read back. */
export function samplesLetter(given: Partial<RefusedSamples> = {}, atMs = 1_767_270_630_000): StoredLetter {
  return stored(refusedFields("victoriametrics", atMs, refused(given)));
}

/** A letter of a block, as it is read back. */
export function blockLetter(block: Buffer, reason: DeadBlockReason, tenant?: string): StoredLetter {
  const owner = tenant === undefined ? undefined : { tenant, server: "s1", namespace: "ns" };
  return stored(deadBlockFields(block, reason, 1_767_270_630_000, owner));
}

/** An entry of the stream, as it is read back. */
export function stored(fields: LetterFields): StoredLetter {
  const letter = parseDeadLetter(fields.map((field) => Buffer.from(field)));
  return { id: { shard: 2, entry: "1767270630123-0" }, letter };
}
