/** Writes protobuf into bytes whose number is known beforehand. Callers write tags themselves. */
export class ProtobufWriter {
  readonly bytes: Buffer;
  #position = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  #byte(value: number): void {
    this.bytes[this.#position++] = value;
  }

  /** A tag and a length. */
  head(tag: number, length: number): void {
    this.#byte(tag);
    this.#varint(length);
  }

  /** A tag, and a text with its length; `byteLength` is that of its UTF-8 form. */
  text(tag: number, text: string, byteLength: number): void {
    this.head(tag, byteLength);
    this.#position += this.bytes.write(text, this.#position, "utf8");
  }

  // Arithmetic instead of shifts, which JavaScript cuts to 32 bits.
  #varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) {
      this.#byte((rest % 128) | 0x80);
    }
    this.#byte(rest);
  }
}

/** How many bytes a number takes as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) {
    size++;
  }
  return size;
}
