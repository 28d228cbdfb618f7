import { createServer } from "node:http";
import { referenceCodec } from "../../services/kernel/reference.ts";
import { startNodeExporter } from "../support/node-exporter.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { untilNothingIsMissing } from "../support/until.ts";
import type { LabelPair } from "./bench-labels.ts";

const MAX_BODY_BYTES = 1 << 26;

/** A series as a Prometheus has sent it, with its last value. */
export interface RecordedSeries {
  readonly labels: readonly LabelPair[];
  readonly value: number;
}

/** Lets a Prometheus scrape a node_exporter and itself until it has sent each twice. */
export async function recordScrapes(): Promise<RecordedSeries[]> {
  const recorded = new Map<string, RecordedSeries>();
  const scrapes = new Map<string, number>();
  const recorder = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      for (const series of readBody(Buffer.concat(chunks))) {
        recorded.set(JSON.stringify(series.labels), series);
        noteScrape(scrapes, series.labels);
      }
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => {
    recorder.listen(0, "127.0.0.1", resolve);
  });
  const address = recorder.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const exporter = await startNodeExporter();
  const prometheus = await startPrometheus({ remoteWrite: { url: `http://127.0.0.1:${port}/` } });
  await prometheus.scrapeOnly([
    { job: "node", targets: [exporter.target] },
    { job: "prometheus", targets: [prometheus.target] },
  ]);
  await untilNothingIsMissing(async () => {
    const counts = ["node", "prometheus"].map((job) => scrapes.get(job) ?? 0);
    return counts.every((count) => count >= 2) ? undefined : `Prometheus has sent ${counts.join(" and ")} scrapes`;
  });
  await prometheus.stop();
  await exporter.stop();
  recorder.close();
  recorder.closeAllConnections();
  return [...recorded.values()];
}

/** Every scrape has one sample of `up`. */
function noteScrape(scrapes: Map<string, number>, labels: readonly LabelPair[]): void {
  const job = labels.find(([name]) => name === "job")?.[1] ?? "";
  if (labels.some(([name, value]) => name === "__name__" && value === "up")) {
    scrapes.set(job, (scrapes.get(job) ?? 0) + 1);
  }
}

function readBody(body: Buffer): RecordedSeries[] {
  const expanded = referenceCodec.uncompress(body, MAX_BODY_BYTES);
  const decoded = expanded.ok ? referenceCodec.decodeWriteRequest(expanded.bytes) : expanded;
  if (!decoded.ok) {
    throw new Error(`cannot read what Prometheus has sent: ${decoded.detail}`);
  }
  const { series, valueBits } = decoded.request;
  const values = new Float64Array(valueBits.buffer, valueBits.byteOffset, valueBits.length);
  return series.map(({ rawLabels, firstSample, sampleCount }) => {
    const labels = referenceCodec.decodeLabels(rawLabels);
    const pairs = labels.ok ? labels.labels.map(({ name, value }): LabelPair => [name, value]) : [];
    return { labels: pairs, value: values[firstSample + sampleCount - 1] ?? 0 };
  });
}
