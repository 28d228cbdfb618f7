import { piecesOf } from "../mutate-text.ts";
import { mutateHeader } from "../rule-headers.ts";
import type { MakeInput } from "../run-fuzz.ts";

const PIECES = piecesOf(
  ...["[", "]", "(", ")", ",", "'", '"', "\\", " ", "=", "*", ".*", "^", "$", "|", "{1,3}", "+", "?"],
  ...["['job']", "['job','^n']", "job=node", "job", "pod=*", "__name__", "_tenant_id", "''", "[]", "None", "é"],
);

const LISTS = [
  "[['monitor','master'],['job','node*']]",
  "['job','^node$']",
  "[('pod','*'),('job',)]",
  "job, pod=web-1,zone=",
  '[["pod","(web|db)-[0-9]+"]]',
  "pod=^web-[0-9]{1,3}$",
] as const;

/** A corrupt list of label rules in a header. */
export const corruptLabelRules: MakeInput = (random) => mutateHeader(random, "droplabels", random.pick(LISTS), PIECES);
