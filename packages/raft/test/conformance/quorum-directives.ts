import { type Configuration, majorityConfiguration } from '@quorate/schema';
import { quorumValue, voteResult } from '../../src/membership/quorum.ts';
import type { Directive } from './parse-cases.ts';

/** What `committed` and `vote` print; only the last line of `committed` is to be compared. */
export function runQuorumDirective(directive: Directive): string {
  const isVote = directive.command === 'vote';
  const allowed = ['cfg', 'cfgj', isVote ? 'votes' : 'idx'];
  for (const { key } of directive.args) {
    if (!allowed.includes(key)) return `error: ${directive.command} has no argument '${key}'`;
  }
  try {
    const configuration = configurationOf(directive);
    const ids = [...new Set([...configuration.voters, ...configuration.votersOutgoing])];
    const values = valuesOf(directive, isVote ? 'votes' : 'idx') ?? [];
    if (values.length !== ids.length) {
      return `error: ${values.length} values for ${ids.length} voters`;
    }
    // By order of appearance: sorting, as a configuration wants it, must not move the values.
    const given = new Map(appearance(directive).map((id, at) => [id, values[at] as string]));
    return isVote ? vote(configuration, given) : committed(configuration, given);
  } catch (error) {
    if (error instanceof BadValue) return `error: ${error.message}`;
    throw error;
  }
}

class BadValue extends Error {}

function valuesOf(directive: Directive, key: string): readonly string[] | null {
  const found = directive.args.filter((arg) => arg.key === key);
  if (found.length > 1) throw new BadValue(`${key} occurs twice`);
  return found[0]?.values ?? null;
}

function idsOf(directive: Directive, key: string): number[] {
  const values = valuesOf(directive, key) ?? [];
  if (key === 'cfgj' && values.length === 1 && values[0] === 'zero') return [];
  const ids = values.map((value) => numberOf(value));
  if (new Set(ids).size < ids.length) throw new BadValue(`an id occurs twice in ${key}`);
  return ids;
}

function appearance(directive: Directive): number[] {
  return [...new Set([...idsOf(directive, 'cfg'), ...idsOf(directive, 'cfgj')])];
}

function configurationOf(directive: Directive): Configuration {
  const { voters } = majorityConfiguration(idsOf(directive, 'cfg'));
  const { voters: votersOutgoing } = majorityConfiguration(idsOf(directive, 'cfgj'));
  return { ...majorityConfiguration(voters), votersOutgoing };
}

function numberOf(value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw new BadValue(`'${value}' is not a safe integer`);
}

function committed(configuration: Configuration, given: ReadonlyMap<number, string>): string {
  const reached = new Map([...given].map(([id, text]) => [id, text === '_' ? 0 : numberOf(text)]));
  const index = quorumValue(configuration, (id) => reached.get(id) ?? 0);
  return index === Number.POSITIVE_INFINITY ? '∞' : String(index);
}

function vote(configuration: Configuration, given: ReadonlyMap<number, string>): string {
  const votes = new Map<number, boolean>();
  for (const [id, text] of given) {
    if (text !== 'y' && text !== 'n' && text !== '_') throw new BadValue(`'${text}' is no vote`);
    if (text !== '_') votes.set(id, text === 'y');
  }
  const names = { won: 'VoteWon', lost: 'VoteLost', pending: 'VotePending' } as const;
  return names[voteResult(configuration, votes)];
}
