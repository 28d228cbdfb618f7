import { corruptJsonPayload } from "./inputs/json-payload.ts";
import { corruptLabelRules } from "./inputs/label-rules.ts";
import { corruptLineProtocol } from "./inputs/line-protocol.ts";
import { corruptPatternList } from "./inputs/list-literal.ts";
import { corruptMetric } from "./inputs/metric-text.ts";
import { corruptPattern } from "./inputs/patterns.ts";
import { corruptWriteRequest } from "./inputs/remote-write.ts";
import type { MakeInput } from "./run-fuzz.ts";

/** What is made corrupt, by the parser that it is for. */
export const TARGETS: Readonly<Record<string, MakeInput>> = {
  "remote-write": corruptWriteRequest,
  "json-payload": corruptJsonPayload,
  "line-protocol": corruptLineProtocol,
  "list-literal": corruptPatternList,
  "label-rules": corruptLabelRules,
  "metric-text": corruptMetric,
  patterns: corruptPattern,
};
