import { hash } from "node:crypto";

/*
 * How API keys are written in settings: as they are, or as `sha256:` and the 64 hexadecimal digits of the SHA-256 of
 * their UTF-8 bytes, so that no file need hold one in clear.
 */

const MIN_CHARACTERS = 8;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const HASHED_MARK = /^sha256:/i;
const HASHED_KEY = /^sha256:([0-9a-f]{64})$/i;

/** Whether a key is written as its SHA-256. */
export function isHashedKey(written: string): boolean {
  return HASHED_MARK.test(written);
}

/** What is wrong with a key as it is written: words that follow a colon and do not hold it. Undefined: nothing. */
export function apiKeyFault(written: string): string | undefined {
  if (isHashedKey(written)) {
    return HASHED_KEY.test(written) ? undefined : "must be sha256: and the 64 hexadecimal digits of the key's SHA-256";
  }
  if (!isKeyText(written)) {
    return "must be printable ASCII characters";
  }
  return written.length < MIN_CHARACTERS ? `must be at least ${MIN_CHARACTERS} characters long` : undefined;
}

/** Whether a text can be a key. Clients disagree about how headers hold other characters: as UTF-8, Latin-1, not at all. */
export function isKeyText(text: string): boolean {
  return PRINTABLE_ASCII.test(text);
}

/** The SHA-256 of a key from settings, however it is written there. Not for what a sender says: see `keyDigest`. */
export function writtenKeyDigest(written: string): Buffer {
  const [, digits] = HASHED_KEY.exec(written) ?? [];
  return digits === undefined ? keyDigest(written) : Buffer.from(digits, "hex");
}

/** The SHA-256 of a key itself. */
export function keyDigest(key: string): Buffer {
  return hash("sha256", key, "buffer");
}
