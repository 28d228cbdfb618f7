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
  /** The sender has shown a key: from now on the request is one of its tenant's. Further calls do nothing. */
  identify(tenant: string): void;
  /** Gives everything back. Further calls do nothing; taking afterwards is a bug. */
  release(): void;
}

/** Of the whole budget, the part that senders may fill before they have shown a key. */
const ANONYMOUS_SHARE = 1 / 8;

/**
 * What all requests of a tenant may hold of what the other tenants leave. However many tenants take theirs, there is
 * room for one more.
 */
const TENANT_SHARE = 3 / 4;

const ROOM: Room = { ok: true };

/**
 * The memory for the bodies of all requests of a process, raw, expanded and decoded: a hard bound, because whoever
 * needs bytes takes them here before. Pure state.
 */
export class MemoryBudget {
  readonly #books: Books;

  /**
   * @param maxBytes the bound, read at every step, so that a reload takes effect at once.
   * @param origin what sets the bound, for whoever is over it.
   */
  constructor(maxBytes: () => number, origin = "FLUX_MAX_IN_FLIGHT_BYTES") {
    this.#books = new Books(maxBytes, origin);
  }

  /** Bytes that requests hold now. */
  get usedBytes(): number {
    return this.#books.usedBytes;
  }

  /** Opens the memory of a request; nothing is taken yet. */
  reserve(): Reservation {
    return new Share(this.#books);
  }
}

/** What one request holds. */
class Share implements Reservation {
  readonly #books: Books;
  #tenant: string | undefined;
  heldBytes = 0;

  constructor(books: Books) {
    this.#books = books;
  }

  take(bytes: number): Room {
    const room = this.#books.room(bytes, this.heldBytes, this.#tenant);
    if (room.ok) {
      this.#change(bytes);
    }
    return room;
  }

  give(bytes: number): void {
    this.#change(-Math.min(bytes, this.heldBytes));
  }

  identify(tenant: string): void {
    if (this.#tenant === undefined) {
      this.#books.note(-this.heldBytes, undefined);
      this.#books.note(this.heldBytes, tenant);
      this.#tenant = tenant;
    }
  }

  release(): void {
    this.#change(-this.heldBytes);
  }

  #change(bytes: number): void {
    this.heldBytes += bytes;
    this.#books.note(bytes, this.#tenant);
  }
}

/** Who holds how much of a budget. */
class Books {
  readonly #maxBytes: () => number;
  readonly #origin: string;
  usedBytes = 0;
  #anonymousBytes = 0;
  /** Of the tenants that hold any. */
  readonly #tenantBytes = new Map<string, number>();

  constructor(maxBytes: () => number, origin: string) {
    this.#maxBytes = maxBytes;
    this.#origin = origin;
  }

  /** Notes that a tenant, or undefined who has shown no key, holds so many bytes more; negative: less. */
  note(bytes: number, tenant: string | undefined): void {
    this.usedBytes += bytes;
    if (tenant === undefined) {
      this.#anonymousBytes += bytes;
      return;
    }
    const own = this.#ofTenant(tenant) + bytes;
    if (own === 0) {
      this.#tenantBytes.delete(tenant);
    } else {
      this.#tenantBytes.set(tenant, own);
    }
  }

  /** Whether a request that holds `heldBytes` may have `bytes` more. */
  room(bytes: number, heldBytes: number, tenant: string | undefined): Room {
    const maxBytes = this.#maxBytes();
    const limit = tenant === undefined ? Math.floor(maxBytes * ANONYMOUS_SHARE) : maxBytes;
    if (heldBytes + bytes > limit) {
      return neverFits(heldBytes + bytes, limit, tenant === undefined, this.#origin);
    }
    const isWithinShare =
      tenant === undefined
        ? this.#anonymousBytes + bytes <= limit
        : this.#isWithinShare(bytes, heldBytes, tenant, maxBytes);
    return isWithinShare && this.usedBytes + bytes <= maxBytes ? ROOM : isInUse(bytes, limit, this.#origin);
  }

  #ofTenant(tenant: string): number {
    return this.#tenantBytes.get(tenant) ?? 0;
  }

  /** A request that is its tenant's only one may have what there is: it is bounded by the size of requests. */
  #isWithinShare(bytes: number, heldBytes: number, tenant: string, maxBytes: number): boolean {
    const own = this.#ofTenant(tenant);
    const leftByOthers = maxBytes - (this.usedBytes - own);
    return own === heldBytes || own + bytes <= TENANT_SHARE * leftByOthers;
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
