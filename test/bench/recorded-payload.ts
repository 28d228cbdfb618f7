import type { LabelPair } from "./bench-labels.ts";
import { cutRequests, type Payload, SERIES } from "./payload.ts";
import { recordScrapes } from "./prometheus-recorder.ts";
import { type SeriesMessage, seriesMessage } from "./series-message.ts";

/**
 * What a real Prometheus sends of a real node_exporter and of itself, recorded now on this machine, in the order in which it
 * sent it, as of so many hosts that there are about as many series as in the fixed payload: only the label `instance`
 * differs from host to host.
 */
export async function recordPayload(perRequest: number): Promise<Payload> {
  const recorded = await recordScrapes();
  const hosts = Math.ceil(SERIES / recorded.length);
  const messages: SeriesMessage[] = [];
  for (let host = 0; host < hosts; host++) {
    const instance = `10.20.${Math.floor(host / 250)}.${host % 250}:9100`;
    for (const { labels, value } of recorded) {
      const own = labels.map(([name, text]): LabelPair => [name, name === "instance" ? instance : text]);
      messages.push(seriesMessage(own, value));
    }
  }
  const bytes = messages.reduce((sum, { length }) => sum + length, 0);
  const labels = recorded.reduce((sum, one) => sum + one.labels.length, 0) / recorded.length;
  return {
    what:
      `${recorded.length} series recorded from node_exporter and Prometheus, as of ${hosts} hosts: ${messages.length} series of ` +
      `${labels.toFixed(1)} labels (${Math.round(bytes / messages.length)} bytes each), ${perRequest} a request`,
    samples: messages.length,
    bodiesAt: (timestampMs) => cutRequests(messages, perRequest, timestampMs),
  };
}
