const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process uses this port",
  EACCES: "this port needs more rights than this process has",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "no address is known for this name",
};

/**
 * The error for a listener that could not be opened, with one sentence that names its address. Whoever catches it
 * knows which setting gave the address, and says so.
 * @param error what the listener failed with; it becomes the cause.
 */
export function listenProblem(error: unknown, host: string, port: number): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error));
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Error(`cannot listen on ${address}: ${reason}`, { cause: error });
}
