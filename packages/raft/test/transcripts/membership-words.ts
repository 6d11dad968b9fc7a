import assert from 'node:assert/strict';
import type { Configuration, DurabilityClass, Member, QuorumSizes } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';
import type { MembershipChange, MembershipStep } from '../../src/index.ts';

// How a transcript says who takes part: `addVoter 4 witness, remove 2 / mode=joint quorum=2,4`.

/** `priority=3 witness promote locality=eu/a incarnation=7` */
export function attributes(words: readonly string[]): Partial<Omit<Member, 'id'>> {
  const found: Record<string, unknown> = {};
  for (const word of words) {
    const [name = '', value] = word.split('=');
    if (value === undefined) found[name] = true;
    else found[name] = name === 'locality' || name === 'address' ? value : Number(value);
  }
  return found;
}

function pair(value: string | undefined): [number, number] | null {
  if (value === undefined || value === 'majority' || value === 'none') return null;
  const [a = '', b = ''] = value.split(',');
  return [Number(a), Number(b)];
}

function quorum(value: string | undefined): QuorumSizes | null {
  const sizes = pair(value);
  return sizes === null ? null : { commit: sizes[0], election: sizes[1] };
}

function durability(value: string | undefined): DurabilityClass | null {
  const wanted = pair(value);
  return wanted === null ? null : { depth: wanted[0], domains: wanted[1] };
}

/** Steps separated by commas; after a slash what is asked of the whole. */
export function parseChange(text: string): MembershipChange {
  const [stepsText = '', rest = ''] = ` ${text}`.split(' / ');
  const steps = stepsText
    .split(/,(?=\s)/)
    .map((step) => step.trim())
    .filter((step) => step !== '')
    .map(parseStep);
  let change: MembershipChange = { steps };
  for (const word of rest.split(' ').filter((part) => part !== '')) {
    const [name, value] = word.split('=');
    if (name === 'mode') change = { ...change, mode: value as 'auto' };
    else if (name === 'quorum') change = { ...change, quorum: quorum(value) };
    else if (name === 'durability') change = { ...change, durability: durability(value) };
    else assert.fail(`'${word}' is not known`);
  }
  return change;
}

function parseStep(text: string): MembershipStep {
  const [kind = '', id = '', ...words] = text.split(' ');
  const member = attributes(words);
  if (kind === 'remove') return { kind, id: Number(id) };
  if (kind === 'describe') return { kind, id: Number(id), ...member };
  assert(kind === 'addVoter' || kind === 'addLearner', `'${kind}' is not known`);
  return { kind, id: Number(id), member };
}

/** What a group begins with: `3`, or `voters 1 2 3, learners 4, 1 priority=2, quorum=2,4`. */
export function parseFounders(text: string): Configuration {
  if (/^\d+$/.test(text)) {
    return majorityConfiguration(Array.from({ length: Number(text) }, (_, i) => i + 1));
  }
  let configuration = majorityConfiguration([]);
  const members: Member[] = [];
  for (const part of text.split(/,(?=\s)/).map((one) => one.trim())) {
    const [first = '', ...words] = part.split(' ');
    if (first === 'voters') configuration = { ...configuration, voters: words.map(Number) };
    else if (first === 'learners')
      configuration = { ...configuration, learners: words.map(Number) };
    else if (first.startsWith('quorum=')) {
      configuration = { ...configuration, quorum: quorum(first.slice('quorum='.length)) };
    } else {
      const nothing = { locality: '', address: '', priority: 0, witness: false, promote: false };
      members.push({ id: Number(first), incarnation: 0, ...nothing, ...attributes(words) });
    }
  }
  return { ...configuration, members };
}
