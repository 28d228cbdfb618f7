import process from "node:process";

/** How many sequences model tests run, and where their seeds begin. */
export interface ModelRuns {
  /** Undefined where nobody has said so. */
  readonly count: number | undefined;
  readonly firstSeed: number | undefined;
}

/** Reads MODEL_SEQUENCES and MODEL_SEED (docs/development.md). */
export function readModelRuns(): ModelRuns {
  const numberOf = (name: string) => {
    const text = process.env[name];
    return text === undefined || text === "" ? undefined : Number(text);
  };
  return { count: numberOf("MODEL_SEQUENCES"), firstSeed: numberOf("MODEL_SEED") };
}
