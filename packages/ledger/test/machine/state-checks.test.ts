import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BooksState } from '../../src/books/books-state.ts';
import { LedgerError } from '../../src/ledger-error.ts';
import { StateChecks, stateForm } from '../../src/machine/state-checks.ts';

/** State checks of one replica, after each batch, and what they have told. */
function checking(batchesPerCheck = 1) {
  const found: [check: number, hash: number][] = [];
  const disagreements: [check: number, votes: Record<string, number>][] = [];
  const checks = new StateChecks(
    (check, hash) => found.push([check, hash]),
    (check, votes) => disagreements.push([check, Object.fromEntries(votes)]),
    batchesPerCheck,
  );
  return { checks, found, disagreements };
}

function stateWith(accounts: number): BooksState {
  const state = new BooksState(0, null, { transfersPerChunk: 64 });
  const id = new Uint32Array(4);
  for (let slot = 0; slot < accounts; slot++) {
    id[0] = slot + 1;
    state.accounts.create(id, 0, 1, 1, 0, slot + 1, 0);
  }
  return state;
}

/** What `checks` finds the state to be after so many batches. */
function hashAt(state: BooksState, batches: number): number {
  const { checks, found } = checking();
  state.batches = batches;
  checks.batchApplied(state);
  return found[0]?.[1] ?? assert.fail('there was a check');
}

/** A replica that has made the first check, with what it found. */
function replicaAtCheck() {
  const replica = checking();
  const state = stateWith(3);
  state.batches = 1;
  replica.checks.batchApplied(state);
  const own = replica.found[0]?.[1] ?? assert.fail();
  const vote = (node: number, hash: number, majority: number, check = 1): void =>
    replica.checks.vote({ form: stateForm, check, hash, node, majority });
  return { ...replica, state, own, other: (own ^ 1) >>> 0, vote };
}

function hasDiverged(check: number, own: number, majority: number) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof LedgerError);
    assert.equal(error.code, 'LEDGER_STATE_DIVERGED');
    assert.deepEqual(error.metadata, { check, own, majority });
    assert.match(error.message, /member remove, member add.*empty data directory/);
    return true;
  };
}

test('a check comes after so many batches, by their count alone', () => {
  const { checks, found } = checking(4);
  const state = stateWith(1);
  for (state.batches = 1; state.batches <= 13; state.batches++) checks.batchApplied(state);
  assert.deepEqual(
    found.map(([check]) => check),
    [1, 2, 3],
  );
});

test('rule 15: of three replicas the one that two contradict stops, the others tell of it', () => {
  const wrong = replicaAtCheck();
  wrong.vote(1, wrong.own, 2);
  wrong.vote(2, wrong.other, 2);
  assert.deepEqual(wrong.disagreements, [[1, { 1: wrong.own, 2: wrong.other }]]);
  assert.throws(() => wrong.vote(3, wrong.other, 2), hasDiverged(1, wrong.own, wrong.other));

  const right = replicaAtCheck();
  right.vote(1, right.other, 2);
  right.vote(2, right.own, 2);
  right.vote(3, right.own, 2);
  assert.deepEqual(right.disagreements.at(-1), [1, { 1: right.other, 2: right.own, 3: right.own }]);
});

test('rule 15: of five replicas three decide, in whichever order they vote', () => {
  const wrong = replicaAtCheck();
  wrong.vote(2, wrong.other, 3);
  wrong.vote(1, wrong.own, 3);
  wrong.vote(3, wrong.other, 3);
  wrong.vote(4, wrong.own, 3);
  assert.equal(wrong.disagreements.length, 3);
  assert.throws(() => wrong.vote(5, wrong.other, 3), hasDiverged(1, wrong.own, wrong.other));
});

test('rule 15: without a majority all tell of it, and none stops', () => {
  const { vote, own, other, disagreements } = replicaAtCheck();
  vote(1, own, 3);
  for (const node of [2, 3]) vote(node, other, 3);
  vote(4, (other ^ 2) >>> 0, 3);
  assert.deepEqual(disagreements.at(-1), [1, { 1: own, 2: other, 3: other, 4: (other ^ 2) >>> 0 }]);
});

test('a replica that votes again has one vote', () => {
  const { vote, other, disagreements } = replicaAtCheck();
  for (let times = 0; times < 3; times++) vote(2, other, 2);
  assert.deepEqual(disagreements, []);
});

test('a replica whose state came from elsewhere is not held to what it had before', () => {
  const healed = replicaAtCheck();
  healed.checks.restored();
  for (const node of [2, 3]) healed.vote(node, healed.other, 2);
  healed.state.batches = 2;
  healed.checks.batchApplied(healed.state);
  const [, second] = healed.found.map(([, hash]) => hash);
  assert.throws(
    () => {
      for (const node of [2, 3]) healed.vote(node, healed.other, 2, 2);
    },
    hasDiverged(2, second ?? 0, healed.other),
  );
});

test('replicas that agree hear nothing of it', () => {
  const { vote, own, disagreements } = replicaAtCheck();
  for (const node of [1, 2, 3]) vote(node, own, 2);
  assert.deepEqual(disagreements, []);
});

test('votes before a replica has come to the check decide nothing; one behind it does', () => {
  const { checks, found, disagreements } = checking();
  const vote = (node: number): void =>
    checks.vote({ form: stateForm, check: 1, hash: 1, node, majority: 2 });
  vote(2);
  vote(3);
  assert.deepEqual([found, disagreements], [[], []]);
  const state = stateWith(3);
  state.batches = 1;
  checks.batchApplied(state);
  const own = found[0]?.[1] ?? assert.fail();
  assert.throws(() => vote(3), hasDiverged(1, own, 1));
});

test('votes on the last sixteen checks count, on an earlier one they do not', () => {
  for (const later of [16, 17]) {
    const { checks, state, vote, own, other } = replicaAtCheck();
    for (state.batches = 2; state.batches <= later; state.batches++) checks.batchApplied(state);
    vote(2, other, 2);
    const last = (): void => vote(3, other, 2);
    if (later === 16) assert.throws(last, hasDiverged(1, own, other));
    else last();
  }
});

test('a vote of another form says nothing', () => {
  const { checks, own, other, disagreements } = replicaAtCheck();
  for (const [node, hash] of [
    [1, own],
    [2, other],
    [3, other],
  ] as const) {
    checks.vote({ form: stateForm + 1, check: 1, hash, node, majority: 2 });
  }
  assert.deepEqual(disagreements, []);
});

test('the same state gives the same hash, whatever ids are hashed with', () => {
  const states = [1, 2].map((seed) => {
    const state = new BooksState(seed, null, { transfersPerChunk: 64 });
    state.accounts.create(Uint32Array.of(7, 0, 0, 0), 0, 1, 1, 0, 1, 0);
    return hashAt(state, 1);
  });
  assert.equal(states[0], states[1]);
});

test('each balance, the flags and the last transfer of each account show in the hash', () => {
  const base = hashAt(stateWith(3), 1);
  const seen = new Set([base]);
  const changes: ((state: BooksState, slot: number) => void)[] = [
    ...[0, 1, 2, 3].flatMap((kind) =>
      [1n, 2n ** 52n, 2n ** 100n].map(
        (value) => (state: BooksState, slot: number) =>
          state.accounts.setBalance(slot, kind, value),
      ),
    ),
    (state, slot) => state.accounts.setFlags(slot, 1),
    (state, slot) => state.accounts.setLastTransfer(slot, 5),
  ];
  for (const change of changes) {
    for (const slot of [0, 1, 2]) {
      const state = stateWith(3);
      change(state, slot);
      seen.add(hashAt(state, 1));
    }
  }
  assert.equal(seen.size, 1 + changes.length * 3);
});

test('counters show in the hash: accounts, transfers, pending, rows, ids, time, expiry', () => {
  const plain = {
    ...{ accounts: 3, transfers: 4, open: 5, history: 6, ids: 7 },
    ...{ last: 8n, expiry: 9n },
  };
  const hashOf = (change: Partial<typeof plain>): number => {
    const { accounts, transfers, open, history, ids, last, expiry } = { ...plain, ...change };
    const state = {
      accounts: { count: accounts, hashWindow: () => 1 },
      ...{ transfers: { count: transfers }, statuses: { openCount: open } },
      ...{ history: { count: history }, ids: { count: ids }, timeline: { last } },
      ...{ nextExpiry: () => expiry, batches: 1 },
    };
    // All of it that is looked at.
    return hashAt(state as unknown as BooksState, 1);
  };
  const far = 2n ** 40n;
  const hashes = [
    hashOf({}),
    ...(['accounts', 'transfers', 'open', 'history', 'ids'] as const).flatMap((name) => [
      hashOf({ [name]: plain[name] + 1 }),
      hashOf({ [name]: plain[name] + 2 ** 33 }),
    ]),
    ...(['last', 'expiry'] as const).flatMap((name) => [
      hashOf({ [name]: plain[name] + 1n }),
      hashOf({ [name]: plain[name] + far }),
    ]),
    hashOf({ accounts: 4, transfers: 3 }),
  ];
  assert.equal(new Set(hashes).size, hashes.length);
});

test('checks go from window to window, and come to every account', () => {
  const count = 140_000;
  const sound = stateWith(count);
  const broken = stateWith(count);
  const windows = 3;
  for (const [slot, window] of [
    [0, 0],
    [65_535, 0],
    [65_536, 1],
    [131_071, 1],
    [131_072, 2],
    [count - 1, 2],
  ] as const) {
    broken.accounts.setBalance(slot, 1, 77n);
    for (let check = 1; check <= 2 * windows; check++) {
      const isSeen = (check - 1) % windows === window;
      assert.equal(hashAt(broken, check) !== hashAt(sound, check), isSeen, `${slot} at ${check}`);
    }
    broken.accounts.setBalance(slot, 1, 0n);
  }
});
