import type { Book, BookEntry } from "./book.ts";

/** Everything that a store holds: series → time → all values found there. */
export type Held = ReadonlyMap<string, ReadonlyMap<number, ReadonlySet<number>>>;

/** What can be wrong with a sample. */
export type Fault = "missing" | "extra" | "different";

/** One line of the ledger, in samples. */
export interface LedgerLine {
  acknowledged: number;
  stored: number;
  missing: number;
  extra: number;
  different: number;
}

export interface Example {
  readonly what: Fault;
  readonly series: string;
  readonly timestampMs: number;
  /** Undefined for what nobody has sent. */
  readonly entry: BookEntry | undefined;
  readonly found: readonly number[];
}

/** What a store turned out to hold of what was acknowledged. */
export interface Verdict {
  readonly total: LedgerLine;
  readonly byTenant: ReadonlyMap<string, LedgerLine>;
  /** By the fault that was on when a sample was first sent. */
  readonly byFault: ReadonlyMap<string, LedgerLine>;
  readonly examples: readonly Example[];
}

const MAX_EXAMPLES = 10;

/**
 * Compares the book with a store. Pure.
 * Acknowledged samples have to be there with their value; what was sent and never acknowledged may be there, but then
 * with its value too; anything else is extra.
 */
export function judge(book: Book, held: Held): Verdict {
  const judging = new Judging();
  for (const entry of book.entries()) {
    judging.judgeEntry(entry, held.get(entry.series)?.get(entry.timestampMs));
  }
  for (const [series, times] of held) {
    for (const [timestampMs, values] of times) {
      if (!book.find(series, timestampMs)) {
        judging.addExtra(series, timestampMs, values);
      }
    }
  }
  return judging;
}

class Judging implements Verdict {
  readonly total = emptyLine();
  readonly byTenant = new Map<string, LedgerLine>();
  readonly byFault = new Map<string, LedgerLine>();
  readonly examples: Example[] = [];

  judgeEntry(entry: BookEntry, values: ReadonlySet<number> | undefined): void {
    const lines = [this.total, lineOf(this.byTenant, entry.tenant), lineOf(this.byFault, entry.fault || "none")];
    const outcome = outcomeOf(entry, values);
    for (const line of lines) {
      line.acknowledged += entry.acknowledged ? 1 : 0;
      if (outcome !== "absent") {
        line[outcome]++;
      }
    }
    if (outcome === "missing" || outcome === "different") {
      this.#show({
        what: outcome,
        series: entry.series,
        timestampMs: entry.timestampMs,
        entry,
        found: [...(values ?? [])],
      });
    }
  }

  addExtra(series: string, timestampMs: number, values: ReadonlySet<number>): void {
    const [, tenant = "?"] = /"_tenant_id","([^"]*)"/.exec(series) ?? [];
    for (const line of [this.total, lineOf(this.byTenant, tenant), lineOf(this.byFault, "unknown")]) {
      line.extra++;
    }
    this.#show({ what: "extra", series, timestampMs, entry: undefined, found: [...values] });
  }

  #show(example: Example): void {
    if (this.examples.length < MAX_EXAMPLES) {
      this.examples.push(example);
    }
  }
}

/** `absent`: not there, and it need not be. */
function outcomeOf({ acknowledged, value }: BookEntry, values: ReadonlySet<number> | undefined) {
  if (values === undefined) {
    return acknowledged ? "missing" : "absent";
  }
  return values.size === 1 && values.has(value) ? "stored" : "different";
}

function lineOf(lines: Map<string, LedgerLine>, name: string): LedgerLine {
  const line = lines.get(name) ?? emptyLine();
  lines.set(name, line);
  return line;
}

function emptyLine(): LedgerLine {
  return { acknowledged: 0, stored: 0, missing: 0, extra: 0, different: 0 };
}
