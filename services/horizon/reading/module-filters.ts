import { FilterBuilder } from "redis-time-series-ts";
import { TENANT_LABEL } from "../../shared/series.ts";
import { encodeLabelText } from "../sinks/timeseries/label-text.ts";
import { literalsOf } from "./regex-literals.ts";
import type { LabelMatcher, Selector } from "./selector.ts";

/** Of which tenants a reader may see series. */
export type VisibleTenants = "any" | ReadonlySet<string>;

/** What RedisTimeSeries is asked for. */
export interface ModuleFilters {
  /** Finds all that the selector wants, and maybe more. */
  readonly filters: FilterBuilder;
  /** Finds nothing that the selector does not want. */
  readonly isExact: boolean;
}

/** Names in which no character can be taken for an operator of the module's filters. */
const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * The part of a selector that RedisTimeSeries can look for: values that are named, and labels that must be there. It
 * has no regular expressions, and reads texts up to a NUL.
 * @returns undefined where there is no value at all to look for, which the module asks for.
 */
export function moduleFilters(selector: Selector, tenants: VisibleTenants): ModuleFilters | undefined {
  const ofTenants = tenants === "any" ? [] : [{ name: TENANT_LABEL, values: [...tenants] }];
  const named = [...ofTenants, ...selector.flatMap((matcher) => namedValues(matcher) ?? [])];
  const [first, ...others] = named.map(({ name, values }) => ({
    name: encodeLabelText(name),
    values: listOf(values.map(encodeLabelText)),
  }));
  if (!first) {
    return undefined;
  }
  const filters = new FilterBuilder(first.name, first.values);
  for (const { name, values } of others) {
    filters.equal(name, values);
  }
  const present = selector.filter(isPresence);
  for (const { name } of present) {
    filters.exists(encodeLabelText(name));
  }
  return { filters, isExact: named.length - ofTenants.length + present.length === selector.length };
}

/** The values, none of them empty, of which a matcher wants one; undefined for other matchers. */
function namedValues({ name, operator, value }: LabelMatcher): { name: string; values: string[] } | undefined {
  const values = operator === "=" ? [value] : operator === "=~" ? [...(literalsOf(value) ?? [])] : [];
  const canAsk = PLAIN_NAME.test(name) && values.length > 0 && values.every((one) => one !== "" && !one.includes("\0"));
  return canAsk ? { name, values } : undefined;
}

function isPresence({ name, operator, value }: LabelMatcher): boolean {
  return PLAIN_NAME.test(name) && operator === "!=" && value === "";
}

/** As the module's filters have it. What would be read as a list or its end is encoded in every value. */
function listOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? "") : `(${values.join(",")})`;
}
