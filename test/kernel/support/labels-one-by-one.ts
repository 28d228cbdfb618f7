import { injectOwner, tidyLabels } from "../../../services/flux/intake/series-check.ts";
import type { SeriesTerms } from "../../../services/kernel/codec.ts";
import { referenceCodec } from "../../../services/kernel/reference.ts";
import { encodeLabels } from "../../../services/shared/label-bytes.ts";
import { recordOf } from "../../../services/shared/registry-record.ts";
import type { SeriesHasher } from "../../../services/shared/series-id.ts";

/** What `recordsOf` of a codec has to give (`record-row.ts`), made label by label; undefined where the series cannot be stored. */
export function labelsOneByOne(rawLabels: string, owner: Pick<SeriesTerms, "tenant" | "server">, hasher: SeriesHasher) {
  const decoded = referenceCodec.decodeLabels(rawLabels);
  const tidy = decoded.ok ? tidyLabels(decoded.labels) : decoded;
  if (!tidy.ok) {
    return undefined;
  }
  const labels = injectOwner(tidy.labels, owner.tenant, owner.server);
  const bytes = encodeLabels(labels);
  return {
    record: recordOf(bytes, "unknown").toString("hex"),
    id: hasher.idOf(bytes, 0),
    labels: labels.length,
    nameBytes: Math.max(...labels.map(({ name }) => Buffer.byteLength(name))),
    valueBytes: Math.max(...labels.map(({ value }) => Buffer.byteLength(value))),
  };
}
