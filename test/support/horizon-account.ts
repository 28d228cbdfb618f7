/** What a Horizon says has become of the samples for one sink, since it was started. */
export interface HorizonAccount {
  readonly claimed: number;
  /** Written, skipped or dead. */
  readonly settled: number;
}

/** Reads it from one page of metrics: read one after another, the numbers would be of different moments. */
export async function readAccount(adminUrl: string, sink: string): Promise<HorizonAccount> {
  const page = await (await fetch(`${adminUrl}/metrics`)).text();
  const sum = (what: string) =>
    page
      .split("\n")
      .filter((line) => line.startsWith(`horizon_samples_${what}_total{`) && line.includes(`sink="${sink}"`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  return { claimed: sum("claimed"), settled: sum("written") + sum("skipped") + sum("dead") };
}
