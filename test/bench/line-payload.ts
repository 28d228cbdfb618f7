import { benchLabels } from "./bench-labels.ts";
import { type Payload, SERIES } from "./payload.ts";

/** The series of the fixed payload as InfluxDB lines: a measurement, ten tags, one field and a time in nanoseconds. */
export function buildLinePayload(perRequest: number): Payload {
  const lines = Array.from({ length: SERIES }, (_, series) => lineOf(series));
  const bytes = lines.reduce((sum, line) => sum + line.length, 0);
  return {
    what: `${SERIES} lines of 10 tags and one field (${Math.round(bytes / SERIES)} bytes without their time), ${perRequest} a request`,
    samples: SERIES,
    bodiesAt: (timestampMs) => {
      const end = `${timestampMs}000000\n`;
      const bodies: Buffer[] = [];
      for (let first = 0; first < SERIES; first += perRequest) {
        const own = lines.slice(first, first + perRequest).map((line) => line + end);
        bodies.push(Buffer.from(own.join("")));
      }
      return bodies;
    },
  };
}

function lineOf(series: number): string {
  const [[, measurement] = ["", ""], ...labels] = benchLabels(series);
  const tags = [...labels, ["rack", `r${series % 24}`]].map(([name, value]) => `${name}=${value}`);
  return `${measurement},${tags.join(",")} value=${series * 1.1} `;
}
