/** A program, or several that work together, whose CPU time is measured. */
export interface Contestant {
  readonly name: string;
  /** The processes that run now and whose CPU time counts, by the name of the program. */
  processes(): Readonly<Record<string, readonly number[]>>;
  /** Waits until it may be sent something; what it uses meanwhile does not count. */
  ready?(): Promise<void>;
  /** Sends it all bodies and waits until it has done its whole work on them. */
  take(bodies: readonly Buffer[]): Promise<void>;
  stop(): Promise<void>;
}

/** What a contestant may be told. */
export interface ContestantOptions {
  /** Further settings. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Node writes a CPU profile into this folder when the process ends. */
  readonly profileFolder?: string | undefined;
}

/** Over how many connections a contestant is sent its bodies: as many as a Prometheus has shards under some load. */
export const CONNECTIONS = 4;
