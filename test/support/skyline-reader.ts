/*
 * What Skyline's Horizon (5.0, with prometheus_client 0.22.1) makes of a member of its set, faults included. It was
 * compared with the real thing, on members with quotes, backslashes, newlines, brackets and commas anywhere.
 */

export interface ReadMember {
  readonly tenant: string;
  readonly server: string;
  readonly timestampMs: number;
  readonly value: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** @throws where Skyline loses the sample, and where it would hang. */
export function readSkylineMember(member: string): ReadMember {
  const [tenant = "", server = "", time = "", value = ""] = member.split(" ");
  const metric = member.replaceAll(`${tenant} ${server} ${time} ${value} `, "");
  const brace = metric.indexOf("{");
  const inside = metric.slice(brace + 1).replace(/}+$/, "");
  if (brace < 0 || !/^-?\d+$/.test(time) || !inside.endsWith('"')) {
    throw new Error(`Skyline cannot read ${member}`);
  }
  const name = metric.slice(0, brace);
  return {
    ...{ tenant, server, name },
    timestampMs: Number(time),
    value: readPythonFloat(value),
    labels: readLabels(inside),
  };
}

function readPythonFloat(text: string): number {
  const value = Number(text.replace(/inf$/, "Infinity"));
  if (Number.isNaN(value) && text !== "nan") {
    throw new Error(`Python cannot read ${text}`);
  }
  return value;
}

function readLabels(text: string): Record<string, string> {
  const labels = new Map<string, string>();
  let rest = text.trim();
  while (rest !== "") {
    rest = rest.replace(/^,/, "");
    if (rest.startsWith("}")) {
      throw new Error("Skyline hangs here");
    }
    const end = nextUnquoted(rest, ",}");
    const [name, value] = readTerm(rest.slice(0, end).trim());
    if (labels.has(name)) {
      throw new Error(`Skyline refuses the second label ${name}`);
    }
    labels.set(name, value);
    rest = rest.slice(end).trim();
  }
  return Object.fromEntries(labels);
}

function readTerm(term: string): [name: string, value: string] {
  const equals = nextUnquoted(term, "=");
  const name = term.slice(0, equals);
  const value = term.slice(equals + 1);
  const isPlain = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name);
  const label = isPlain ? name : unquote(name);
  if (/^__[^\n]*\n?$/.test(label)) {
    throw new Error(`Skyline refuses the reserved label ${label}`);
  }
  return [label, unquote(value)];
}

function unquote(text: string): string {
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(text)) {
    throw new Error(`Skyline refuses ${text}`);
  }
  return text.slice(1, -1).replace(/\\[\\n"]/g, (pair) => (pair === "\\n" ? "\n" : pair.slice(1)));
}

/** Where the first of these characters stands outside of quotes; the end where none does. */
function nextUnquoted(text: string, characters: string): number {
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? "";
    if (character === '"' && !isEscaped(text, i)) {
      isQuoted = !isQuoted;
    }
    if (!isQuoted && characters.includes(character)) {
      return i;
    }
  }
  return text.length;
}

function isEscaped(text: string, position: number): boolean {
  const [backslashes = ""] = /\\*$/.exec(text.slice(0, position)) ?? [];
  return backslashes.length % 2 === 1;
}
