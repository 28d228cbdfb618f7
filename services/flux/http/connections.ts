import type { Socket } from "node:net";

/** The connections of a listener, also those that have not sent anything yet. */
export class Connections {
  readonly #open = new Set<Socket>();
  #isEnded = false;

  get size(): number {
    return this.#open.size;
  }

  add(socket: Socket): void {
    if (this.#isEnded) {
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
  }

  /** Ends all connections, and all that come later. */
  end(): void {
    this.#isEnded = true;
    for (const socket of this.#open) {
      socket.destroy();
    }
  }
}
