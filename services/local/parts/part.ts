/** A program that is ready to be started. */
export interface Part {
  readonly program: string;
  /** What the program or its package calls its version; "unknown" where neither says. */
  readonly version: string;
  /** Folder of the program's web pages, where it has to be told of it. */
  readonly webAssets?: string;
}

/** A Redis server and the module that makes it hold time series. */
export interface RedisPart extends Part {
  readonly timeSeriesModule: string;
}

/** How parts are got. */
export interface PartOptions {
  /** Folder that holds what was fetched. It is created when it is missing. */
  readonly partsDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Takes a line for the person at the terminal, one for each part that is fetched. */
  log(line: string): void;
}
