import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** A connection on which a test writes the bytes of HTTP itself. */
export interface RawConnection {
  readonly socket: Socket;
  /** What has come so far. */
  received(): string;
  /** Waits until what has come matches. @throws when the connection ends before. */
  receive(pattern: RegExp): Promise<void>;
  /** Waits until the other side has closed it, and gives all that came. @throws when it did so amid what was sent. */
  ended(): Promise<string>;
}

/** Opens the application's port and gives its number. */
export async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ host: "127.0.0.1", port: 0 });
  const address = app.server.address();
  assert.ok(typeof address === "object" && address);
  return address.port;
}

/** Opens a connection and writes what is given. */
export async function openRaw(port: number, text = ""): Promise<RawConnection> {
  // Half open: that the other side closes must not be answered by node on its own.
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let heard = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    heard += chunk;
  });
  let fault: Error | undefined;
  socket.on("error", (error) => {
    fault = error;
  });
  await once(socket, "connect");
  socket.write(text);
  return {
    socket,
    received: () => heard,
    receive: async (pattern) => {
      while (!pattern.test(heard)) {
        if (socket.readableEnded || socket.destroyed) {
          throw new Error(`the connection ended with ${JSON.stringify(heard)}, which lacks ${pattern}`);
        }
        await Promise.race([once(socket, "data"), once(socket, "end"), once(socket, "close")]);
      }
    },
    ended: async () => {
      while (!socket.readableEnded && !socket.destroyed) {
        await Promise.race([once(socket, "end"), once(socket, "close")]);
      }
      if (fault) {
        throw fault;
      }
      socket.destroy();
      return heard;
    },
  };
}

/** The head of a request to write. */
export function writeHead(headers: Readonly<Record<string, string | number>>, path = "/api/v1/write"): string {
  const lines = Object.entries({ host: "x", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
