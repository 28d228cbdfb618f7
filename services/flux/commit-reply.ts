/** What `commit-block.lua` answers. */
export type CommitReply =
  | { kind: "ok" }
  | { kind: "epoch"; epoch: string }
  | { kind: "full"; bytes: number }
  /** Positions in the list of series sent along. */
  | { kind: "collision"; positions: number[] };

/** Reads the script's reply. @throws when it is none of the forms that the script's head names. */
export function parseCommitReply(reply: unknown): CommitReply {
  const [kind, ...rest] = Array.isArray(reply) ? reply.map(String) : [];
  switch (kind) {
    case "ok":
      return { kind };
    case "epoch":
      return { kind, epoch: rest[0] ?? "" };
    case "full":
      return { kind, bytes: Number(rest[0]) };
    case "collision":
      return { kind, positions: rest.map(Number) };
    default:
      throw new Error(`cannot read the reply of commit-block: ${String(reply).slice(0, 100)}`);
  }
}
