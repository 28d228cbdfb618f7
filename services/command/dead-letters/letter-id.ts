/** Which dead letter: the shard, and the entry of its stream. */
export interface LetterId {
  readonly shard: number;
  readonly entry: string;
}

/** The id as people write it, like `0/1767270630000-0`; undefined where the text is none. */
export function parseLetterId(text: string): LetterId | undefined {
  const [, shard, entry] = /^(\d{1,4})\/(\d{1,19}-\d{1,19})$/.exec(text) ?? [];
  return entry === undefined ? undefined : { shard: Number(shard), entry };
}

/** What `parseLetterId` reads. */
export function formatLetterId({ shard, entry }: LetterId): string {
  return `${shard}/${entry}`;
}
