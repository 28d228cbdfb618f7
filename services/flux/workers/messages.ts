import type { Settings } from "../../../settings/schema.ts";
import type { Readiness } from "../../shared/operations-server.ts";
import type { TakenPlaces } from "../place-gauges.ts";
import type { Refusal } from "../reasons.ts";
import type { Meter } from "../traffic-gate.ts";
import type { MetricReport } from "./metric-report.ts";

/*
 * What the primary and its workers say to each other, over the channel that Node opens between them. Each direction
 * keeps its order.
 */

/** What the primary asks, and the worker answers once each. */
export type Question =
  | { readonly kind: "report" }
  | { readonly kind: "readiness" }
  /** Whether these settings, and the certificate's files as they are now, can be used. */
  | { readonly kind: "prepare"; readonly settings: Settings }
  /** To use what was prepared. */
  | { readonly kind: "take" };

export type Answer =
  /** The report itself went before. */
  | { readonly kind: "report" }
  | { readonly kind: "readiness"; readonly readiness: Readiness }
  /** Without problems, it is ready to take. */
  | { readonly kind: "prepare"; readonly problems: readonly string[] }
  | { readonly kind: "take" };

/** From the primary to a worker. */
export type ToWorker =
  | { readonly type: "start"; readonly worker: number; readonly settings: Settings }
  | { readonly type: "ask"; readonly id: number; readonly question: Question }
  /** The gate's verdict on a request; no refusal lets it in. */
  | { readonly type: "entered"; readonly pass: number; readonly refusal: Refusal | undefined }
  | { readonly type: "stop" }
  /** Nothing more comes, no connection either. */
  | { readonly type: "farewell" };

/** From a worker to the primary. */
export type ToPrimary =
  /** It hears from now on; what was said before is lost. */
  | { readonly type: "hello" }
  /** It cannot start, and says why, a sentence each. */
  | { readonly type: "failed"; readonly problems: readonly string[] }
  /** It takes requests. */
  | { readonly type: "serving" }
  /** It takes no requests any more, has told all it counted, and ends once it hears farewell. */
  | { readonly type: "leaving" }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly type: "report"; readonly report: MetricReport }
  | {
      readonly type: "places";
      readonly owner: { readonly tenant: string; readonly namespace: string };
      readonly taken: TakenPlaces;
    }
  | GateMessage;

/** What a worker's requests ask of the one gate that all workers share. Passes are numbered by the worker. */
export type GateMessage =
  | { readonly type: "enter"; readonly pass: number; readonly meters: readonly Meter[] }
  | {
      readonly type: "charge";
      readonly pass: number;
      readonly kind: "samples" | "bytes";
      readonly amount: number;
    }
  | { readonly type: "leave"; readonly pass: number };
