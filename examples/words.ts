import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * The options of an example's command line. `--help` prints the usage and ends the process; what is
 * not among the options ends it with exit code 2.
 */
export function wordsOf<Options extends NonNullable<ParseArgsConfig['options']>>(
  usage: string,
  options: Options,
): ReturnType<typeof parseArgs<{ options: Options }>>['values'] {
  try {
    const args = process.argv.slice(2);
    if (args.includes('--help')) {
      console.log(usage);
      process.exit(0);
    }
    return parseArgs({ args, options }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), usage);
  }
}

/** @returns what was given, which has to be a whole number in the range */
export function numberOf(
  usage: string,
  name: string,
  given: string,
  [least, most]: readonly [number, number],
): number {
  const number = Number(given);
  if (given.trim() !== '' && Number.isSafeInteger(number) && number >= least && number <= most) {
    return number;
  }
  return refuse(`--${name} is '${given}': give a whole number from ${least} to ${most}`, usage);
}

function refuse(problem: string, usage: string): never {
  console.error(`${problem}\n\n${usage}`);
  process.exit(2);
}
