/** The numbers that say what a long run plays; with the same ones it plays the same. */
export interface RunNumbers {
  /** It ends after the entry with which there are so many. */
  readonly events: number;
  /** The first; the next ones follow when `seedEvents` have been played of one. */
  readonly seed: number;
  readonly seedEvents: number;
  /** Of a hundred entries so many are large batches. */
  readonly bulk: number;
  /** The mean number of entries between two restarts. */
  readonly restartEvery: number;
  /** The mean number of events between two checkpoints at which queries are compared. */
  readonly queryEvery: number;
}

export const usualNumbers: RunNumbers = {
  events: 2_000_000,
  seed: 1,
  seedEvents: 500_000,
  bulk: 10,
  restartEvery: 40,
  queryEvery: 20_000,
};

/** What each is called on the command line, without the dashes. */
export const flagNames = {
  events: 'events',
  seed: 'seed',
  seedEvents: 'seed-events',
  bulk: 'bulk',
  restartEvery: 'restart-every',
  queryEvery: 'query-every',
} as const;

/** The command that plays a run; flags that are as usual are left out. */
export function commandOf(numbers: RunNumbers): string {
  const names = Object.keys(flagNames) as (keyof RunNumbers)[];
  const flags = names
    .filter((name) => numbers[name] !== usualNumbers[name] || name === 'seed' || name === 'events')
    .map((name) => ` --${flagNames[name]} ${numbers[name]}`);
  return `node packages/ledger/test/oracle/run.ts${flags.join('')}`;
}
