import type { Command } from 'commander';

/** Words of the shell itself. */
const ownWords = ['help', 'exit'] as const;

/**
 * @param line what is typed, up to the cursor
 * @returns what the last word may become, and that word
 */
export function completeLine(ledger: Command, line: string): [string[], string] {
  const words = line.split(/\s+/);
  const last = words.at(-1) ?? '';
  const [name = ''] = words;
  const names = ledger.commands.map((command) => command.name());
  if (words.length <= 1) return [startingWith([...names, ...ownWords], last), last];
  if (name === 'help') return [startingWith(names, last), last];
  const command = ledger.commands.find((one) => one.name() === name);
  if (command === undefined) return [[], last];
  if (last.startsWith('-')) {
    const flags = command.options.flatMap(({ long, hidden }) => (hidden ? [] : (long ?? [])));
    return [startingWith(flags, last), last];
  }
  const before = words.at(-2) ?? '';
  const option = command.options.find(({ long }) => long === before);
  const argument = option ?? command.registeredArguments[words.length - 2];
  return [startingWith(argument?.argChoices ?? [], last), last];
}

function startingWith(candidates: readonly string[], word: string): string[] {
  return candidates.filter((candidate) => candidate.startsWith(word)).map((one) => `${one} `);
}
