import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { LocalProblem } from "./local-problem.ts";

/** A port that a server is to listen on. */
export interface PortWish {
  /** The server, as people call it. */
  readonly server: string;
  /** The settings that say where it listens. `hostSetting` is undefined where the host is fixed. */
  readonly setting: string;
  readonly hostSetting?: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

// Below the ports that Linux hands to outgoing connections, so that none of those takes ours before its server does.
const FIRST_FREE_PORT = 20_000;
const LAST_FREE_PORT = 32_000;
const ATTEMPTS = 200;

/**
 * Finds a port for every wish, each of them free now and none given twice.
 * @returns setting → port.
 * @throws LocalProblem with one sentence for each port that cannot be had.
 */
export async function choosePorts(wishes: readonly PortWish[]): Promise<Map<string, number>> {
  const problems = repeatedPorts(wishes);
  const ports = new Map<string, number>();
  for (const wish of wishes.filter(({ port }) => port !== 0)) {
    const code = await tryListen(wish.host, wish.port);
    if (code !== undefined) {
      problems.push(portProblem(wish, code));
    }
    ports.set(wish.setting, wish.port);
  }
  if (problems.length > 0) {
    throw new LocalProblem(problems.join("\n"));
  }
  for (const wish of wishes.filter(({ port }) => port === 0)) {
    ports.set(wish.setting, await pickFreePort(wish.host, [...ports.values()]));
  }
  return ports;
}

/** A sentence for each port that two servers are to have. */
export function repeatedPorts(wishes: readonly PortWish[]): string[] {
  return wishes.flatMap((wish, index) => {
    const first = wishes.slice(0, index).find(({ port }) => port === wish.port && port !== 0);
    return first
      ? [`cannot start ${wish.server}: ${wish.setting} and ${first.setting} are both ${wish.port}: change one of them`]
      : [];
  });
}

/**
 * What to tell when a port cannot be had.
 * @param code the system's error code.
 */
export function portProblem(wish: PortWish, code: string): string {
  const { server, setting, host, port } = wish;
  switch (code) {
    case "EADDRINUSE":
      return `cannot start ${server}: port ${port} is taken by another program: set ${setting} to another port, or to 0 for any free one`;
    case "EACCES":
      return `cannot start ${server}: this user may not listen on port ${port}: set ${setting} to a port above 1023`;
    default: {
      const change = wish.hostSetting ? `change ${wish.hostSetting} or ${setting}` : `change ${setting}`;
      return `cannot start ${server}: cannot listen on ${host} port ${port} (${code}): ${change}`;
    }
  }
}

/**
 * A port that is free now.
 * @param taken ports that are promised to others.
 */
export async function pickFreePort(host: string, taken: readonly number[] = []): Promise<number> {
  let code = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(FIRST_FREE_PORT, LAST_FREE_PORT);
    const failure = taken.includes(port) ? "EADDRINUSE" : await tryListen(host, port);
    if (failure === undefined) {
      return port;
    }
    code = failure;
  }
  throw new LocalProblem(`cannot find a free port on ${host}: ${code}`);
}

/** Tries to listen. Gives the system's error code, or undefined when it works. */
function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}
