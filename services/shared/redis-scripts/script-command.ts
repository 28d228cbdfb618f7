import type { Socket } from "node:net";
import { Command } from "ioredis";

/** What a script is given. Numbers go as their digits. */
export type ScriptArgument = string | number | Buffer;

const LINE_END = "\r\n";

/**
 * One run of a script, as ioredis sends it. Its bytes are put together in one go; ioredis would make a buffer of every
 * argument, and of what stands between them, before it does.
 */
export class ScriptCommand extends Command {
  readonly #bytes: Buffer;

  /** @param script `evalsha` and a digest, or `eval` and the script itself. */
  constructor(script: readonly ["evalsha" | "eval", string], keys: readonly string[], args: readonly ScriptArgument[]) {
    super(script[0]);
    this.#bytes = encodeCommand([...script, keys.length, ...keys, ...args]);
  }

  /** What ioredis writes to this socket now. */
  override toWritable(socket: Socket): Buffer {
    sendTogether(socket);
    return this.#bytes;
  }
}

/** A command as Redis reads it: an array of bulk strings (RESP). Text is UTF-8. Pure. */
export function encodeCommand(parts: readonly ScriptArgument[]): Buffer {
  const pieces: (string | Buffer)[] = [];
  let text = `*${parts.length}${LINE_END}`;
  for (const part of parts) {
    if (Buffer.isBuffer(part)) {
      pieces.push(`${text}$${part.length}${LINE_END}`, part);
      text = LINE_END;
    } else {
      const word = String(part);
      text += `$${Buffer.byteLength(word)}${LINE_END}${word}${LINE_END}`;
    }
  }
  pieces.push(text);
  return joinPieces(pieces);
}

function joinPieces(pieces: readonly (string | Buffer)[]): Buffer {
  let size = 0;
  for (const piece of pieces) {
    size += typeof piece === "string" ? Buffer.byteLength(piece) : piece.length;
  }
  const bytes = Buffer.allocUnsafe(size);
  let end = 0;
  for (const piece of pieces) {
    end += typeof piece === "string" ? bytes.write(piece, end) : piece.copy(bytes, end);
  }
  return bytes;
}

/**
 * Lets what is written to a socket in this turn of the event loop leave it in one system call. Under load many requests
 * are read in a turn; Redis, too, then reads their commands at once and syncs its file once for all of them.
 */
function sendTogether(socket: Socket): void {
  if (socket.writableCorked === 0) {
    socket.cork();
    setImmediate(() => socket.uncork());
  }
}
