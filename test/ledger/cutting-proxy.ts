import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server on this machine, and spoils what passes between them. */
export interface CuttingProxy {
  readonly port: number;
  /** From now on, until so many were cut, a connection ends in the middle of the next reply that it carries. */
  cutReplies(count: number): void;
  /** Keeps back the next bytes from a client that hold these, and all that follow. @returns settled when it does. */
  holdRequestsWith(marker: string): Promise<void>;
  /** Passes on what was kept back. @returns settled when the server has answered to it. */
  releaseRequests(): Promise<void>;
  stop(): Promise<void>;
}

/** @param serverPort where to pass on to. It need not listen yet, nor always. */
export async function startCuttingProxy(serverPort: number): Promise<CuttingProxy> {
  const passing = new Passing();
  const server = createServer((client) => passing.join(client, connect(serverPort, "127.0.0.1")));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    cutReplies: (count) => passing.cutReplies(count),
    holdRequestsWith: (marker) => passing.holdRequestsWith(marker),
    releaseRequests: () => passing.releaseRequests(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        passing.end();
      }),
  };
}

/** All connections of a proxy, and what is to be done to them. */
class Passing {
  readonly #sockets = new Set<Socket>();
  #toCut = 0;
  #trigger: { readonly marker: string; readonly held: () => void } | undefined;
  #held: { readonly upstream: Socket; readonly chunks: Buffer[] } | undefined;

  join(client: Socket, upstream: Socket): void {
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => this.#request(chunk, upstream));
    upstream.on("data", (chunk: Buffer) => this.#reply(chunk, client, upstream));
  }

  cutReplies(count: number): void {
    this.#toCut = count;
  }

  holdRequestsWith(marker: string): Promise<void> {
    return new Promise((held) => {
      this.#trigger = { marker, held };
    });
  }

  async releaseRequests(): Promise<void> {
    const held = this.#held;
    if (held) {
      const answered = new Promise<void>((resolve) => held.upstream.once("data", () => resolve()));
      this.#held = undefined;
      held.upstream.write(Buffer.concat(held.chunks));
      await answered;
    }
  }

  end(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  #request(chunk: Buffer, upstream: Socket): void {
    if (this.#trigger && chunk.includes(this.#trigger.marker)) {
      this.#held = { upstream, chunks: [] };
      this.#trigger.held();
      this.#trigger = undefined;
    }
    if (this.#held?.upstream === upstream) {
      this.#held.chunks.push(chunk);
    } else {
      upstream.write(chunk);
    }
  }

  #reply(chunk: Buffer, client: Socket, upstream: Socket): void {
    if (this.#toCut === 0) {
      client.write(chunk);
      return;
    }
    this.#toCut--;
    client.end(chunk.subarray(0, chunk.length >> 1));
    upstream.destroy();
  }
}
