import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server on this machine, and can keep the server's replies back. */
export interface TcpProxy {
  readonly port: number;
  /**
   * From the moment on at which a client sends these bytes, replies are kept back.
   * @returns a promise that is settled when they are.
   */
  holdRepliesAfter(bytes: string): Promise<void>;
  /** Passes on what was kept back, and everything that follows. */
  release(): void;
  stop(): Promise<void>;
}

/** @param serverPort where to pass on to. */
export async function startTcpProxy(serverPort: number): Promise<TcpProxy> {
  const replies = new Set<Socket>();
  const sockets = new Set<Socket>();
  let trigger: { readonly bytes: string; readonly held: () => void } | undefined;
  const server = createServer((client) => {
    const upstream = connect(serverPort, "127.0.0.1");
    replies.add(upstream);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => other.destroy());
    }
    client.on("data", (chunk: Buffer) => {
      if (trigger && chunk.includes(trigger.bytes)) {
        for (const reply of replies) {
          reply.pause();
        }
        trigger.held();
        trigger = undefined;
      }
      upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => client.write(chunk));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    holdRepliesAfter: (bytes) =>
      new Promise((held) => {
        trigger = { bytes, held };
      }),
    release: () => {
      for (const reply of replies) {
        reply.resume();
      }
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) {
          socket.destroy();
        }
      }),
  };
}
