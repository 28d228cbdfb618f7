import type { Socket } from "node:net";

/** The connections of a listener, also those that have not sent anything yet. */
export class Connections {
  readonly #open = new Set<Socket>();
  readonly #max: number;
  #isEnded = false;

  /** @param max of them at a time; by default any number. */
  constructor(max = Number.POSITIVE_INFINITY) {
    this.#max = max;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes a connection, or closes it. @returns whether there was room for it. */
  add(socket: Socket): boolean {
    const hasRoom = this.#open.size < this.#max;
    if (this.#isEnded || !hasRoom) {
      socket.destroy();
      return hasRoom;
    }
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
    return true;
  }

  /** Ends all connections, and all that come later. */
  end(): void {
    this.#isEnded = true;
    for (const socket of this.#open) {
      socket.destroy();
    }
  }
}
