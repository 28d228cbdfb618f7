/** What `admit-to-limit.lua` and `admit-to-quota.lua` answer. */
export type AdmissionReply =
  /** `without`: positions, in the list of series sent along, of those that found no place. */
  { kind: "ok"; taken: number; without: ReadonlySet<number> } | { kind: "too_many" };

/** Reads a script's reply. @throws when it is none of the forms that the scripts' heads name. */
export function parseAdmissionReply(reply: unknown): AdmissionReply {
  const [kind, ...rest] = Array.isArray(reply) ? reply.map(String) : [];
  switch (kind) {
    case "ok": {
      const [taken, ...without] = rest.map(Number);
      return { kind, taken: taken ?? 0, without: new Set(without) };
    }
    case "too_many":
      return { kind };
    default:
      throw new Error(`cannot read the reply to an admission: ${String(reply).slice(0, 100)}`);
  }
}
