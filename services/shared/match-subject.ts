import { formatSeriesName, type LabelSet, METRIC_NAME_LABEL } from "./series.ts";

/** What patterns are tried against. */
export interface Subject {
  readonly fullName: string;
  /** Whether the subject has this text as one of its elements. */
  hasToken(text: string): boolean;
}

/**
 * A series: its full name, and as elements its metric name, its label names and its label values.
 * Labels are taken as they are, so tenant and server belong among them.
 */
export function seriesSubject(labels: LabelSet): Subject {
  return createSubject(formatSeriesName(labels), () => {
    const tokens: string[] = [];
    for (const { name, value } of labels) {
      if (name !== METRIC_NAME_LABEL) {
        tokens.push(name);
      }
      tokens.push(value);
    }
    return tokens;
  });
}

/** Any text, such as the value of a label: its elements are what dots separate. */
export function textSubject(text: string): Subject {
  return createSubject(text, () => text.split("."));
}

/** The same subject under a namespace: `<namespace>.<full name>`, with the namespace as one more element. */
export function withNamespace(subject: Subject, namespace: string): Subject {
  return {
    fullName: `${namespace}.${subject.fullName}`,
    hasToken: (text) => text === namespace || subject.hasToken(text),
  };
}

/** The elements are listed when first asked for: most subjects are settled without them. */
function createSubject(fullName: string, listTokens: () => string[]): Subject {
  let tokens: ReadonlySet<string> | undefined;
  return {
    fullName,
    hasToken(text) {
      tokens ??= new Set(listTokens());
      return tokens.has(text);
    },
  };
}
