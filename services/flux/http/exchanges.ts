import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Refusal } from "../reasons.ts";
import { IncomingBody } from "./incoming-body.ts";
import type { MemoryBudget, Reservation } from "./memory-budget.ts";

/** A request and its answer on a connection. */
export interface Exchange {
  readonly body: IncomingBody;
  readonly memory: Reservation;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Forgets the body and gives back all memory. For the route to call once it knows the answer. */
  readonly release: () => void;
}

/** The exchanges of a process that have not ended: the request came, and its answer has not left entirely. */
export class Exchanges {
  readonly #budget: MemoryBudget;
  readonly #open = new Set<Exchange>();
  readonly #latest = new WeakMap<Socket, Exchange>();

  /** @param budget the memory for the bodies of all of them. */
  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Begins the exchange of a request whose headers have come. */
  begin(request: IncomingMessage, response: ServerResponse): Exchange {
    const memory = this.#budget.reserve();
    const body = new IncomingBody(request, memory);
    const release = () => {
      body.forget();
      memory.release();
    };
    const exchange: Exchange = { request, response, memory, body, release };
    this.#open.add(exchange);
    this.#latest.set(request.socket, exchange);
    onceEnded(response, () => this.#open.delete(exchange));
    return exchange;
  }

  /** The latest exchange on a connection, which may have ended; undefined where there was none. */
  latestOn(socket: Socket): Exchange | undefined {
    return this.#latest.get(socket);
  }

  /**
   * Waits until all exchanges that are open now have ended.
   * @param patienceMs how long their bodies may go on arriving. @param refusal what the later ones are answered.
   */
  async drain(patienceMs: number, refusal: Refusal): Promise<void> {
    const open = [...this.#open];
    const patience = setTimeout(() => {
      for (const { body } of open) {
        body.cut(refusal);
      }
    }, patienceMs);
    await Promise.all(open.map(({ response }) => new Promise<void>((resolve) => onceEnded(response, resolve))));
    clearTimeout(patience);
  }
}

/** A response ends once its last byte has left, or once its connection is gone: Node says "close" either way. */
function onceEnded(response: ServerResponse, listener: () => void): void {
  response.on("close", listener);
}
