import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import type { Election, Leadership } from '../../src/index.ts';
import { Elections } from './elections.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** What may come of any call, whenever it is made. */
const expected = new Set([
  'ELECTION_CLOSED',
  'ELECTION_LEADERSHIP_LOST',
  'ELECTION_NOT_LEADER',
  'ELECTION_RESIGNED',
  'RUNTIME_CLOSED',
  'RUNTIME_CLOSING',
  'RUNTIME_OUTCOME_UNKNOWN',
  'RUNTIME_PROPOSAL_LOST',
  'RUNTIME_READ_TIMEOUT',
  'RUNTIME_TRANSFER_FAILED',
  'AbortError',
]);

/** Calls all there is to call, in any order, and without waiting. */
class Caller {
  readonly #election: Election;
  readonly #prng: Prng;
  readonly #calls: Promise<unknown>[] = [];
  /** What happened to leaderships, and which calls ended in a way that cannot be. */
  readonly told: string[] = [];
  newest = 0n;
  #held: Leadership | null = null;

  constructor(election: Election, prng: Prng) {
    this.#election = election;
    this.#prng = prng;
    election.on('elected', (leadership) => this.#elected(leadership));
    election.on('lost', (leadership) => this.#lost(leadership));
  }

  #elected(leadership: Leadership): void {
    if (this.#held !== null) this.told.push(`elected ${leadership.token} before a loss was told`);
    if (leadership.token <= this.newest) this.told.push(`elected ${leadership.token} too late`);
    this.newest = leadership.token;
    this.#held = leadership;
    if (this.#prng.chance(0.2)) this.call();
  }

  #lost(leadership: Leadership): void {
    if (this.#held !== leadership) this.told.push(`lost ${leadership.token}, and it had not led`);
    if (leadership.isValid()) this.told.push(`lost ${leadership.token}, and it was valid`);
    if (!leadership.signal.aborted) this.told.push(`lost ${leadership.token} before its work`);
    this.#held = null;
    if (this.#prng.chance(0.2)) this.call();
  }

  call(): void {
    const election = this.#election;
    const prng = this.#prng;
    const stop = new AbortController();
    const { signal } = stop;
    const kind = prng.below(9);
    if (prng.chance(0.2)) stop.abort();
    if (prng.chance(0.4)) void this.#turns().then(() => stop.abort());
    const work = async (): Promise<void> => {
      if (prng.chance(0.3)) this.call();
      await this.#turns();
    };
    const calls = [
      () => election.campaign('value', { signal }),
      () => election.campaign(),
      () => election.withLeadership(work, { signal, again: true }),
      () => election.withLeadership(work, { signal }),
      () => election.resign(),
      () => election.transferLeadership(),
      () => election.proclaim('other', { signal }),
      () => election.verifyLeader({ signal }),
      async () => {
        const observed = election.observe({ signal });
        await observed.next();
        await observed.return?.();
      },
    ];
    this.#calls.push(
      (calls[kind] as () => Promise<unknown>)().catch((error) => this.#failed(error)),
    );
  }

  #failed(error: Error & { readonly code?: string }): void {
    if (expected.has(error.code ?? '') || expected.has(error.name)) return;
    this.told.push(String(error.stack));
  }

  async #turns(): Promise<void> {
    for (let left = this.#prng.below(200); left > 0; left--) await new Promise(setImmediate);
  }

  /** Once all it has called has ended. */
  async ended(): Promise<readonly string[]> {
    for (let at = 0; at < this.#calls.length; at++) await this.#calls[at];
    return this.told;
  }
}

describe('calls in any order', { timeout: 120_000 }, () => {
  for (const seed of [1, 2, 3]) {
    it(`all end, and each leadership is told once: seed ${seed}`, async () => {
      const prng = new Prng(seed);
      await using elections = await Elections.open(3, () => ({ workEndsWithinMs: 200 }));
      const callers = elections.all.map((election) => new Caller(election, prng));
      // On a slow machine it takes more calls before somebody is elected at all.
      const few = (): boolean => callers.every(({ newest }) => newest < 4n);
      for (let count = 0; count < 150 || few(); count++) {
        prng.pick(callers).call();
        for (let turns = prng.below(20); turns > 0; turns--) await new Promise(setImmediate);
      }
      await Promise.all(elections.all.map((election) => election.close()));
      for (const caller of callers) {
        caller.call();
        assert.deepEqual(await caller.ended(), []);
      }
    });
  }

  it('do not begin two nodes in one directory, of one process either', async () => {
    using directory = temporaryDirectory();
    const dataDir = `${directory.path}/1`;
    await using elections = await Elections.open(1, () => ({ dataDir }));
    const { token } = await elections.of(1).campaign();
    await assert.rejects(elections.start(1), { code: 'STORAGE_LOCKED' });
    assert.equal(elections.of(1).leadership()?.token, token);
  });

  it('refuse work that is no function, before anything is begun', async () => {
    await using elections = await Elections.open(1);
    const given = 'work' as unknown as () => Promise<void>;
    await assert.rejects(elections.of(1).withLeadership(given), {
      code: 'ELECTION_OPTIONS_INVALID',
      metadata: { field: 'work' },
    });
    assert.equal(elections.of(1).leader(), null);
  });
});
