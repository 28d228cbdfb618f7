import { type ParseArgsConfig, parseArgs } from "node:util";

type OptionsConfig = NonNullable<ParseArgsConfig["options"]>;
type Parsed<Options extends OptionsConfig> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true }>
>;

export type ParsedArguments<Options extends OptionsConfig> =
  | { ok: true; values: Parsed<Options>["values"]; positionals: string[] }
  | { ok: false; problem: string };

export type ParsedOptions<Options extends OptionsConfig> =
  | { ok: true; values: Parsed<Options>["values"]; file: string | undefined }
  | { ok: false; problem: string };

/**
 * Reads a command's options, and at most one argument beside them, the name of a file.
 * @returns them, or what is wrong with the first that is not as it should be.
 */
export function parseOptions<const Options extends OptionsConfig>(
  args: readonly string[],
  options: Options,
): ParsedOptions<Options> {
  const parsed = parseArguments(args, options);
  if (!parsed.ok) {
    return parsed;
  }
  const [file, second] = parsed.positionals;
  return second === undefined
    ? { ok: true, values: parsed.values, file }
    : { ok: false, problem: `one file at most is read, ${JSON.stringify(second)} is too much` };
}

/**
 * Reads a command's options, and whatever else there is.
 * @returns them, or what is wrong with the first option that is not as it should be.
 */
export function parseArguments<const Options extends OptionsConfig>(
  args: readonly string[],
  options: Options,
): ParsedArguments<Options> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { ok: true, values, positionals };
  } catch (error) {
    // parseArgs throws for what is unknown or lacks its value, and says which in the first sentence of its message.
    if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_")) {
      return { ok: false, problem: error.message.split(". ")[0] ?? error.message };
    }
    throw error;
  }
}
