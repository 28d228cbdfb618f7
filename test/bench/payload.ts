import { benchLabels } from "./bench-labels.ts";
import { requestBody, type SeriesMessage, seriesMessage } from "./series-message.ts";

/** Series of the fixed payload. */
export const SERIES = 200_000;

/** What is sent again and again: each series once in every pass, a sample each. */
export interface Payload {
  /** What it is, in words. */
  readonly what: string;
  /** Samples of one pass. */
  readonly samples: number;
  /** The bodies of the requests of the next pass, every sample at this time. */
  bodiesAt(timestampMs: number): Buffer[];
}

export interface PayloadOptions {
  /** Which part of the series of every pass but the first is new; as many others are not sent any more. */
  readonly newShare?: number;
}

/** Series of ten labels, always the same ones unless a part is to be new. @param perRequest series in each request. */
export function buildPayload(perRequest: number, { newShare = 0 }: PayloadOptions = {}): Payload {
  const messages = Array.from({ length: SERIES }, (_, series) => messageOf(series));
  const bytes = messages.reduce((sum, { length }) => sum + length, 0);
  const newEach = Math.round(SERIES * newShare);
  let next = SERIES;
  return {
    what:
      `${SERIES} series of 10 labels (${Math.round(bytes / SERIES)} bytes each), ${perRequest} a request` +
      (newEach > 0 ? `, ${newEach} of them new in every pass` : ""),
    samples: SERIES,
    bodiesAt: (timestampMs) => {
      const bodies = cutRequests(messages, perRequest, timestampMs);
      for (let i = 0; i < newEach; i++) {
        messages[Math.floor((i * SERIES) / newEach)] = messageOf(next++);
      }
      return bodies;
    },
  };
}

/** The body of a request with the series of these numbers. */
export function bodyOfSeries(first: number, count: number, timestampMs: number): Buffer {
  return requestBody(
    Array.from({ length: count }, (_, i) => messageOf(first + i)),
    timestampMs,
  );
}

/** Bodies of requests, each with so many of the series, every sample at this time. */
export function cutRequests(messages: readonly SeriesMessage[], perRequest: number, timestampMs: number): Buffer[] {
  const bodies: Buffer[] = [];
  for (let first = 0; first < messages.length; first += perRequest) {
    bodies.push(requestBody(messages.slice(first, first + perRequest), timestampMs));
  }
  return bodies;
}

function messageOf(series: number): SeriesMessage {
  return seriesMessage(benchLabels(series), series * 1.1);
}
