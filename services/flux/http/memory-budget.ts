import type { Refusal } from "../reasons.ts";

/** Whether there is room for some bytes, and if not what the sender hears. */
export type Room = { readonly ok: true } | Refusal;

/** What one request may hold in memory. Bytes are taken before they are used, and all are given back at its end. */
export interface Memory {
  /** Bytes taken and not given back. */
  readonly heldBytes: number;
  /** Takes bytes. Where there is no room nothing is taken. */
  take(bytes: number): Room;
  /** Gives back some of what was taken. */
  give(bytes: number): void;
}

/** The memory of one request, from its first byte to its end. */
export interface Reservation extends Memory {
  /** The sender has shown a key: from now on the whole budget is open to the request. */
  identify(): void;
  /** Gives everything back. Further calls do nothing; taking afterwards is a bug. */
  release(): void;
}

/** Of the whole budget, the part that senders may fill before they have shown a key. */
const ANONYMOUS_SHARE = 1 / 8;

const ROOM: Room = { ok: true };

/**
 * The memory for the bodies of all requests of a process, raw, expanded and decoded: a hard bound, because whoever
 * needs bytes takes them here before. Pure state.
 */
export class MemoryBudget {
  readonly #maxBytes: () => number;
  readonly #origin: string;
  #usedBytes = 0;
  #anonymousBytes = 0;

  /**
   * @param maxBytes the bound, read at every step, so that a reload takes effect at once.
   * @param origin what sets the bound, for whoever is over it.
   */
  constructor(maxBytes: () => number, origin = "FLUX_MAX_IN_FLIGHT_BYTES") {
    this.#maxBytes = maxBytes;
    this.#origin = origin;
  }

  /** Bytes that requests hold now. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Opens the memory of a request; nothing is taken yet. */
  reserve(): Reservation {
    let heldBytes = 0;
    let isAnonymous = true;
    const change = (bytes: number) => {
      heldBytes += bytes;
      this.#usedBytes += bytes;
      this.#anonymousBytes += isAnonymous ? bytes : 0;
    };
    return {
      get heldBytes() {
        return heldBytes;
      },
      take: (bytes) => {
        const room = this.#room(bytes, heldBytes, isAnonymous);
        if (room.ok) {
          change(bytes);
        }
        return room;
      },
      give: (bytes) => change(-Math.min(bytes, heldBytes)),
      identify: () => {
        this.#anonymousBytes -= isAnonymous ? heldBytes : 0;
        isAnonymous = false;
      },
      release: () => change(-heldBytes),
    };
  }

  #room(bytes: number, heldBytes: number, isAnonymous: boolean): Room {
    const maxBytes = this.#maxBytes();
    const limit = isAnonymous ? Math.floor(maxBytes * ANONYMOUS_SHARE) : maxBytes;
    if (heldBytes + bytes > limit) {
      return neverFits(heldBytes + bytes, limit, isAnonymous, this.#origin);
    }
    const isFull = this.#usedBytes + bytes > maxBytes || (isAnonymous && this.#anonymousBytes + bytes > limit);
    return isFull ? isInUse(bytes, limit, this.#origin) : ROOM;
  }
}

/** Another time would not help either, so this is no reason to try again. */
function neverFits(bytes: number, limit: number, isAnonymous: boolean, origin: string): Room {
  const whose = isAnonymous ? "requests whose key is not in a header" : "all requests together";
  return {
    ok: false,
    code: "body_too_large",
    detail: `the request needs ${bytes} bytes of memory, ${whose} have ${limit} (${origin})`,
  };
}

function isInUse(bytes: number, limit: number, origin: string): Room {
  return {
    ok: false,
    code: "memory_full",
    detail: `the requests under way leave no room for ${bytes} bytes, of ${limit} for all together (${origin}); send again`,
  };
}
