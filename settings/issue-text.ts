import type { z } from "zod";
import { isHarmlessWord } from "./secrets.ts";

/** One thing that is wrong with a value: where inside the value, and what. */
export interface ValueFault {
  /** Names and positions (from 0) that lead to the faulty part; empty where it is the whole value. */
  readonly path: readonly PropertyKey[];
  /** A phrase that follows a colon, like "must be at most 65535". */
  readonly text: string;
}

const NOUNS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list (JSON in the environment)",
  tuple: "a list",
  record: "a map (JSON in the environment)",
  object: "a map",
};

/** What a schema says about a value, in our words; used where a schema has none of its own. Never quotes the value. */
export function issueText(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is missing" : `must be ${NOUNS[issue.expected] ?? issue.expected}`;
    case "too_small":
      return boundText("least", issue.origin, Number(issue.minimum));
    case "too_big":
      return boundText("most", issue.origin, Number(issue.maximum));
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "unrecognized_keys":
      return `has an entry that does not belong there${issue.keys.every(isHarmlessWord) ? `: ${issue.keys.join(", ")}` : ""}`;
    case "invalid_key":
    case "invalid_element":
    case "invalid_union":
    case "invalid_format":
    case "custom":
      return "is not valid";
  }
}

function boundText(side: "least" | "most", origin: string, bound: number): string {
  if (origin === "string") {
    return side === "least" && bound === 1 ? "must not be empty" : `must be at ${side} ${bound} characters long`;
  }
  if (origin === "array") {
    return `must have at ${side} ${bound} ${bound === 1 ? "entry" : "entries"}`;
  }
  return `must be at ${side} ${bound}`;
}

/**
 * What a schema found, as faults. Of the alternatives of a union it tells what is wrong with the one that came
 * furthest; where none came into the value at all, what the union itself asks for.
 */
export function faultsOf(issue: z.core.$ZodIssue): ValueFault[] {
  if (issue.code === "invalid_key") {
    return issue.issues.map(({ message }) => ({ path: issue.path, text: `its key ${message}` }));
  }
  if (issue.code === "invalid_union") {
    const closest = issue.errors.find((branch) => branch.some(({ path }) => path.length > 0));
    if (closest) {
      return closest.flatMap(faultsOf).map(({ path, text }) => ({ path: [...issue.path, ...path], text }));
    }
  }
  return [{ path: issue.path, text: issue.message }];
}
