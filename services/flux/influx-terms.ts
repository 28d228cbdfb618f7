import type { InfluxSettings, Settings } from "../../settings/schema.ts";
import type { StringFields } from "./formats/field-sample.ts";
import type { DbPrefix } from "./formats/influx-prefix.ts";

/** How a sender's line protocol is read where its requests do not say. */
export interface InfluxTerms {
  readonly dbPrefix: DbPrefix;
  readonly stringFields: StringFields;
  /** The unit of timestamps in requests without `precision`: nanoseconds, or told by how large they are. */
  readonly precision: "strict" | "auto";
}

/** What holds for a sender of which nothing is said. */
export function defaultInflux(settings: Settings): InfluxTerms {
  return {
    dbPrefix: settings.INFLUX_DB_PREFIX,
    stringFields: settings.INFLUX_STRING_FIELDS,
    precision: settings.INFLUX_PRECISION,
  };
}

/** The terms with what is said of one tenant or key put over them. */
export function overrideInflux(base: InfluxTerms, own: InfluxSettings | undefined): InfluxTerms {
  return {
    dbPrefix: own?.dbPrefix ?? base.dbPrefix,
    stringFields: own?.stringFields ?? base.stringFields,
    precision: own?.precision ?? base.precision,
  };
}
