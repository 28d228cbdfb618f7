import type { BufferWriter } from "./buffer-writer.ts";
import type { Sender } from "./intake/identity.ts";
import type { Intake } from "./intake/intake.ts";
import { turnAway } from "./intake/turn-away.ts";
import type { FluxMetrics, StoreOutcome } from "./metrics.ts";
import { admissionLimits, type Policy, type Terms } from "./policy.ts";
import type { Refusal } from "./reasons.ts";
import type { InitialBreach } from "./series-admission.ts";
import type { ServerRegistry } from "./server-registry.ts";

/** What storing needs. */
export interface Storing {
  readonly buffer: Pick<BufferWriter, "commit">;
  readonly servers: Pick<ServerRegistry, "remember">;
  readonly metrics: Pick<FluxMetrics, "countCommit" | "countLimited">;
  /** Told of a store that failed; the sender hears only that it has to try again. */
  readonly onBufferFailure: (error: unknown) => void;
}

/** What became of the kept samples; `intake` is without those of series for which there was no place. */
export interface StoredIntake {
  readonly outcome: StoreOutcome;
  readonly intake: Intake;
}

/**
 * Stores what is kept, and waits until Redis has confirmed.
 * @returns a refusal where the request is so far beyond the sender's quota that nothing of it is to be stored.
 */
export async function storeIntake(
  storing: Storing,
  { policy, sender, terms }: { readonly policy: Policy; readonly sender: Sender; readonly terms: Terms },
  intake: Intake,
): Promise<StoredIntake | Refusal> {
  try {
    await storing.servers.remember(sender);
    const commit = await storing.buffer.commit(intake.kept, sender, admissionLimits(policy, sender, terms));
    if (!commit.ok) {
      return "breach" in commit ? tooManyMetrics(storing, sender, commit.breach) : { outcome: "buffer_full", intake };
    }
    storing.metrics.countCommit(commit, sender);
    return { outcome: "stored", intake: commit.admission ? turnAway(intake, commit.admission) : intake };
  } catch (error) {
    storing.onBufferFailure(error);
    return { outcome: "buffer_unavailable", intake };
  }
}

/** Skyline's answer, word for word. */
function tooManyMetrics({ metrics }: Storing, { tenant }: Sender, { quota, submitted }: InitialBreach): Refusal {
  metrics.countLimited(tenant, "too_many_metrics");
  const detail = `Too many metrics - quota: ${quota}, submitted: ${submitted}`;
  return { ok: false, code: "too_many_metrics", detail };
}
