// The engine against the oracle for as long as you like; not part of the tests:
//   node packages/ledger/test/oracle/run.ts --events 2000000 --seed 1
// The last line is JSON; exit 1 on a difference, 2 on wrong usage.
import { parseArgs } from 'node:util';
import { type LongRunTally, longRun, newTally } from './long-run.ts';
import { flagNames, type RunNumbers, usualNumbers } from './run-numbers.ts';

const usage = `usage: node packages/ledger/test/oracle/run.ts [--events N] [--seed N] [--seconds N]
         [--seed-events N] [--bulk N] [--restart-every N] [--query-every N]

Plays random batches to the ledger and to a slow copy of it, and compares results, balances,
lookups, queries and history; the ledger is replaced by what its snapshot says again and again.

  --events N         ends after the batch with which there are so many (default 2000000)
  --seed N           the first seed (default 1); when its events are played the next one follows
  --seconds N        ends after so many seconds, if that is sooner
  --seed-events N    events of one seed (default 500000); what is looked through grows with them,
                     and so do the chunks of 65536 transfers that are filled
  --bulk N           of a hundred entries so many are large batches (default 10)
  --restart-every N  a mean number of entries (default 40)
  --query-every N    a mean number of events (default 20000)

The last line is JSON. Exit codes: 0 no difference, 1 a difference, 2 wrong usage.`;

interface Choice extends RunNumbers {
  readonly seconds: number;
}

/** Seldom enough for a log, often enough for somebody who waits. */
const secondsBetweenLines = process.stderr.isTTY ? 2 : 10;

/** @throws RangeError, or what `parseArgs` throws: what makes no sense */
function readChoice(): Choice {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      events: text,
      seed: text,
      seconds: text,
      'seed-events': text,
      bulk: text,
      'restart-every': text,
      'query-every': text,
    },
  });
  const numbers = Object.entries(flagNames).map(([name, flag]) => {
    const usual = usualNumbers[name as keyof RunNumbers];
    const given = values[flag];
    const least = flag === 'seed' || flag === 'bulk' ? 0 : 1;
    return [name, given === undefined ? usual : readNumber(`--${flag}`, given, least)];
  });
  const { seconds } = values;
  return {
    ...(Object.fromEntries(numbers) as RunNumbers),
    seconds: seconds === undefined ? Number.POSITIVE_INFINITY : readNumber('--seconds', seconds, 1),
  };
}

function readNumber(flag: string, text: string, least: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least) return value;
  throw new RangeError(`${flag} is a whole number from ${least} on, not '${text}'`);
}

function progress(tally: Readonly<LongRunTally>, events: number, seconds: number): string {
  const share = Math.floor((100 * tally.events) / events);
  const perSecond = Math.round(tally.events / seconds);
  return (
    `${tally.events} events (${share} %) in ${tally.batches} batches, seed ${tally.seed}, ` +
    `${Math.round(seconds)} s, ${perSecond} events/s`
  );
}

/** @returns the exit code */
function run({ seconds: mostSeconds, ...numbers }: Choice): number {
  const startedMs = performance.now();
  const elapsed = (): number => (performance.now() - startedMs) / 1000;
  let nextLine = secondsBetweenLines;
  const isOver = (tally: Readonly<LongRunTally>): boolean => {
    const seconds = elapsed();
    if (seconds >= nextLine) {
      nextLine = seconds + secondsBetweenLines;
      console.error(progress(tally, numbers.events, seconds));
    }
    return seconds >= mostSeconds;
  };
  const tally = newTally();
  const difference = longRun({ ...numbers, isOver }, tally);
  if (difference !== undefined) console.log(difference);
  const { events: played, batches, seeds, chunksSealed, seed: _, ...reached } = tally;
  const seconds = Math.round(elapsed() * 10) / 10;
  const differences = difference === undefined ? 0 : 1;
  const counted = { events: played, batches, seeds, seconds, chunksSealed };
  console.log(JSON.stringify({ ...counted, ...reached, differences }));
  return differences;
}

function main(): number {
  if (process.argv.slice(2).some((arg) => arg === '--help' || arg === '-h')) {
    console.log(usage);
    return 0;
  }
  let choice: Choice;
  try {
    choice = readChoice();
  } catch (error) {
    console.error(`${usage}\n\n${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
  return run(choice);
}

process.exitCode = main();
