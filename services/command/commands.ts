import { checkRulesCommand } from "./check-rules.ts";
import type { Command } from "./command.ts";
import { deadLettersCommand } from "./dead-letters/dead-letters.ts";
import { inspectCommand } from "./inspect.ts";
import { quotaCommand } from "./quota.ts";

/** Everything that `flux` can be asked to do, in the order of its help. */
export const COMMANDS: readonly Command[] = [checkRulesCommand, inspectCommand, deadLettersCommand, quotaCommand];
