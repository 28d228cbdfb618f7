/** How much a rule was applied to: to how many different label sets, and to how many samples of them. */
export type RuleCount<Rule> = Rule & { series: number; samples: number };

/** Rules that a report lists at most. */
const MAX_RULES = 1000;

/** Counts by rule, what was applied most first. */
export class RuleCounts<Rule extends object> {
  readonly #counts = new Map<string, RuleCount<Rule>>();

  add(rule: Rule, samples: number): void {
    const key = JSON.stringify(rule);
    const counted = this.#counts.get(key) ?? { ...rule, series: 0, samples: 0 };
    counted.series++;
    counted.samples += samples;
    this.#counts.set(key, counted);
  }

  get list(): RuleCount<Rule>[] {
    return [...this.#counts.values()].sort((a, b) => b.samples - a.samples).slice(0, MAX_RULES);
  }
}
