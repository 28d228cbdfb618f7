import { parseArgs } from "node:util";
import { measureActiveSeries } from "./active-series-memory.ts";
import { measureBuffer } from "./buffer-memory.ts";
import { measureChurn } from "./churn-memory.ts";
import { measureHorizon } from "./horizon-memory.ts";

/*
 * How much memory everything takes, with the series of the fixed payload: ten labels, 270 bytes each.
 *
 *   npm run bench -- memory                              all of these:
 *   npm run bench -- memory --part buffer                a sample in Redis
 *   npm run bench -- memory --part active --series 200000,1000000
 *   npm run bench -- memory --part churn --millions 20   Flux while series come and go
 *   npm run bench -- memory --part horizon --samples 6000000
 */

const { values } = parseArgs({
  options: {
    part: { type: "string", default: "all" },
    series: { type: "string", default: "200000,1000000" },
    millions: { type: "string", default: "2" },
    samples: { type: "string", default: "6000000" },
  },
  allowPositionals: true,
});
const parts: Readonly<Record<string, () => Promise<void>>> = {
  buffer: measureBuffer,
  active: async () => {
    for (const series of values.series.split(",")) {
      await measureActiveSeries(Number(series));
    }
  },
  churn: () => measureChurn(Number(values.millions) * 1_000_000),
  horizon: () => measureHorizon(Number(values.samples)),
};
const chosen = values.part === "all" ? Object.keys(parts) : [values.part];
for (const name of chosen) {
  const measure = parts[name];
  if (!measure) {
    throw new Error(`cannot measure the part ${name}: there are ${Object.keys(parts).join(", ")}`);
  }
  await measure();
}
