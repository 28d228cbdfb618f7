import type { SeriesId } from "../../../shared/series.ts";

/**
 * Which of several stores a series goes to: the one of the greatest weight (rendezvous hashing), so that a further name
 * takes over its own share of the series and leaves all others where they are.
 * @param names at least one; their order does not matter.
 */
export function ownerOf<Name extends string>(id: SeriesId, names: readonly Name[]): Name | undefined {
  let owner: Name | undefined;
  let greatest = -1;
  for (const name of names) {
    const weight = weightOf(id, name);
    if (weight > greatest || (weight === greatest && owner !== undefined && name < owner)) {
      greatest = weight;
      owner = name;
    }
  }
  return owner;
}

/** 32 bits that depend on all of the id and of the name: FNV-1a, with the finish of MurmurHash3. */
function weightOf(id: SeriesId, name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  hash = finish(hash ^ Number(id & 0xffff_ffffn));
  return finish(hash ^ Number(id >> 32n)) >>> 0;
}

function finish(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
