import assert from 'node:assert/strict';
import { formatAddress } from '@quorate/base';
import {
  type Election,
  type ElectionObserver,
  type Leader,
  type ObserverOptions,
  observeElection,
} from '../../src/index.ts';
import { type Elections, silent } from '../node/elections.ts';

/** Heard often, so that tests need not wait long. */
export const refreshMs = 100;

export function observing(options: ObserverOptions): Promise<ElectionObserver> {
  return observeElection({ refreshMs, maxStaleMs: 60_000, log: silent, ...options });
}

/** All members' addresses, those of `first` before the others. */
export function addressesOf(elections: Elections, first = 1): string[] {
  const all = Object.values(elections.peers);
  return [...all.slice(first - 1), ...all.slice(0, first - 1)];
}

/** Where others observe through it. */
export function addressOf(observer: ElectionObserver): string {
  assert.ok(observer.address !== null);
  return formatAddress(observer.address);
}

/** Until what it knows is as asked for. */
export async function sees(
  observer: ElectionObserver,
  isIt: (leader: Leader | null) => boolean,
): Promise<Leader | null> {
  for await (const leader of observer.observe()) if (isIt(leader)) return leader;
  throw new Error('the observer was closed before');
}

/** Until it knows that `election` leads. */
export async function seesLead(observer: ElectionObserver, election: Election): Promise<Leader> {
  const leader = await sees(observer, (one) => one?.id === election.id);
  assert.ok(leader !== null);
  return leader;
}

/** Until `isIt`, which nothing tells of. */
export async function until(isIt: () => boolean): Promise<void> {
  while (!isIt()) await new Promise((resolve) => setTimeout(resolve, 10));
}
