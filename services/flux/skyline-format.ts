import { type LabelSet, labelValue, METRIC_NAME_LABEL } from "../shared/series.ts";
import type { BufferFormat } from "./intake/buffer-format.ts";
import { quoteSeries, type SeriesFault } from "./intake/series-check.ts";
import { type MemberOwner, skylineMetric } from "./skyline-member.ts";

/** Skyline's Flux stores no longer ones, and its database has no room for them. */
const MAX_METRIC_CHARACTERS = 4096;

/**
 * What Skyline's set can hold for its reader. NaN, stale markers included, is nothing that Skyline stores. A series that
 * its Horizon would lose, cut or hang on is refused here, where its sender is told.
 */
export const SKYLINE_FORMAT: BufferFormat = {
  holdsNan: false,
  checkSeries: (labels, owner) => checkMetric(skylineMetric(labels), labels, owner),
};

function checkMetric(metric: string, labels: LabelSet, { tenant, server }: MemberOwner): { ok: true } | SeriesFault {
  if (isLongerThan(metric, MAX_METRIC_CHARACTERS)) {
    const detail = `Skyline takes at most ${MAX_METRIC_CHARACTERS} characters, more are in ${quoteSeries(labels)}`;
    return { ok: false, reason: "series_too_long", detail };
  }
  if (labelValue(labels, METRIC_NAME_LABEL)?.includes("{")) {
    return unreadable(`the metric name holds a {, where Skyline takes labels to begin, in ${quoteSeries(labels)}`);
  }
  const reserved = labels.find(({ name }) => name.startsWith("__") && name !== METRIC_NAME_LABEL);
  if (reserved) {
    return unreadable(`Skyline takes no label that begins with __, as one does in ${quoteSeries(labels)}`);
  }
  if (memberHead(tenant, server).test(metric)) {
    return unreadable(`Skyline would cut out of it what looks like the head of a member: ${quoteSeries(labels)}`);
  }
  return { ok: true };
}

/**
 * How a member of this owner begins, whatever its time and value. The reader takes the beginning away wherever it
 * stands: inside a label value it would take half an escape with it.
 */
function memberHead(tenant: string, server: string): RegExp {
  const value = "-?(inf|\\d+\\.\\d+|\\d+(\\.\\d+)?e[+-]\\d+)";
  return new RegExp(`${literal(tenant)} ${literal(server)} -?\\d+ ${value} `);
}

/** A regular expression for this very text. Of what names may hold, only the point means something in one. */
function literal(name: string): string {
  return name.replaceAll(".", "\\.");
}

/** In characters as Python counts them. */
function isLongerThan(text: string, characters: number): boolean {
  return text.length > characters && [...text].length > characters;
}

function unreadable(detail: string): SeriesFault {
  return { ok: false, reason: "not_readable_by_skyline", detail };
}
