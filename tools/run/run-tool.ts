/** What was asked for makes no sense. The message says what it is; the usage is printed with it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Tool {
  /** What is the tool's own of the command line. */
  readonly args: readonly string[];
  /** How it is called, without a last line end. */
  usage(): string;
  /**
   * @returns the exit code
   * @throws UsageError, or what `parseArgs` throws
   */
  run(): number | Promise<number>;
}

/**
 * Runs a command and sets the exit code: 0 after `--help`, 2 after wrong usage, which prints what
 * was wrong last, where it is still seen when the usage is long.
 */
export async function runTool(tool: Tool): Promise<void> {
  if (tool.args.some((arg) => arg === '--help' || arg === '-h')) {
    console.log(tool.usage());
    return;
  }
  try {
    process.exitCode = await tool.run();
  } catch (error) {
    if (!isUsageError(error)) throw error;
    console.error(`${tool.usage()}\n\n${error.message}`);
    process.exitCode = 2;
  }
}

function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS_');
}

/**
 * @param what the option or the argument, as it stands in the message
 * @throws UsageError unless the text is a whole number of at most 15 digits
 */
export function readWholeNumber(what: string, text: string, least = 0): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least) return value;
  const from = least === 0 ? '' : ` from ${least} on`;
  throw new UsageError(`${what} is a whole number${from}, not '${text}'`);
}
