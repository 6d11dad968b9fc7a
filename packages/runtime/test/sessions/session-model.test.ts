import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppliedEntry } from '@quorate/base';
import { concatBytes, portableChecksum, toHex } from '@quorate/base';
import fc from 'fast-check';
import { encodeSessionCommand, type SessionCommand } from '../../src/sessions/session-command.ts';
import type { SessionResult } from '../../src/sessions/session-result.ts';
import { SessionStateMachine } from '../../src/sessions/session-state-machine.ts';
import { SessionOracle } from './support/session-oracle.ts';
import {
  bytesOf,
  drawn,
  restoreFrom,
  TallyMachine,
  textResults,
  tightLimits,
} from './support/tally-machine.ts';

/** A command that names a session by its place among those opened so far. */
interface Draft {
  readonly kind: SessionCommand['kind'] | 'garbage';
  readonly place: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly letters: number;
  readonly stepMs: number;
  readonly newTerm: boolean;
  readonly bytes: Uint8Array;
}

const kind = fc.oneof(
  { weight: 12, arbitrary: fc.constant('inSession' as const) },
  { weight: 3, arbitrary: fc.constant('openSession' as const) },
  {
    weight: 4,
    arbitrary: fc.constantFrom('plain', 'keepAlive', 'tick', 'garbage' as const),
  },
  { weight: 1, arbitrary: fc.constantFrom('setLimits', 'closeSession' as const) },
) as fc.Arbitrary<Draft['kind']>;

const draft: fc.Arbitrary<Draft> = fc.record({
  kind,
  place: fc.constantFrom(0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5),
  sequence: fc.constantFrom(1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 1_000_000),
  acknowledged: fc.constantFrom(0, 2, 4, 6, 8, 8, 8),
  letters: fc.constantFrom(0, 5, 12, 12, 25),
  stepMs: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0, 1, 40, 200) },
    { weight: 2, arbitrary: fc.constantFrom(250, 900, 3_600_000, -3_600_000) },
  ),
  newTerm: fc.nat(19).map((at) => at === 0),
  bytes: fc.uint8Array({ maxLength: 12 }),
});

function commandOf(draft: Draft, opened: readonly number[], index: number): Uint8Array {
  // Now and then a session that never was.
  const session = draft.place === 5 ? 1_000_000 : (opened.at(-1 - (draft.place % 3)) ?? index);
  const sequence = Math.max(1, draft.sequence);
  const command = bytesOf(draft.letters === 0 ? `c${index}` : `${draft.letters}x${index}`);
  switch (draft.kind) {
    case 'plain':
      return encodeSessionCommand({ kind: 'plain', command });
    case 'openSession': {
      const nonce = draft.place < 3 ? new Uint8Array(8).fill(draft.place) : new Uint8Array(0);
      return encodeSessionCommand({ kind: 'openSession', ttlMs: 500 << draft.place, nonce });
    }
    case 'closeSession':
      return encodeSessionCommand({ kind: 'closeSession', session });
    case 'inSession': {
      const acknowledgedBelow = Math.max(1, sequence - draft.acknowledged);
      return encodeSessionCommand({
        kind: 'inSession',
        session,
        sequence,
        acknowledgedBelow,
        command,
      });
    }
    case 'keepAlive': {
      const sessions = [session, ...opened.slice(-draft.place)];
      return encodeSessionCommand({ kind: 'keepAlive', sessions });
    }
    case 'tick':
      return encodeSessionCommand({ kind: 'tick' });
    case 'setLimits': {
      const limits = { ...tightLimits, maxSessions: 2 + draft.place, maxWindow: 1 + draft.place };
      return encodeSessionCommand({ kind: 'setLimits', limits });
    }
    default:
      return draft.bytes;
  }
}

/** The log that the drafts make, with what the oracle answers to each entry. */
function logOf(drafts: readonly Draft[]): {
  readonly entries: AppliedEntry[];
  readonly answers: SessionResult<string>[];
  readonly oracle: SessionOracle;
} {
  const oracle = new SessionOracle(tightLimits);
  const entries: AppliedEntry[] = [];
  const answers: SessionResult<string>[] = [];
  const opened: number[] = [];
  let term = 1;
  let nowMs = 10_000_000;
  for (const one of drafts) {
    nowMs += one.stepMs;
    if (one.newTerm) term += 1;
    const index = entries.length + 1;
    const command = commandOf(one, opened, index);
    const entry = { index, term, timestampMicros: nowMs * 1000, command };
    const answer = oracle.apply(entry);
    if (answer.kind === 'sessionOpened' && !opened.includes(answer.session))
      opened.push(answer.session);
    entries.push(entry);
    answers.push(answer);
  }
  return { entries, answers, oracle };
}

interface Turn {
  readonly entries: number;
  readonly event: 'none' | 'restart' | 'beginSnapshot';
  readonly draw: number;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  entries: fc.integer({ min: 1, max: 9 }),
  event: fc.constantFrom('none', 'none', 'restart', 'beginSnapshot' as const),
  draw: fc.nat(2),
}) as fc.Arbitrary<Turn>;

/** One replica, which is restarted and draws snapshots at moments of its own. */
class WanderingReplica {
  tally = new TallyMachine();
  machine = new SessionStateMachine(this.tally, { results: textResults, limits: tightLimits });
  readonly answers: SessionResult<string>[] = [];
  /** A snapshot that is being drawn, and what it would have been had it been drawn at once. */
  #open: { snapshot: Iterator<Uint8Array, void>; expected: string; chunks: Uint8Array[] } | null =
    null;

  state(): string {
    return toHex(concatBytes(drawn(this.machine.snapshot())));
  }

  run(log: readonly AppliedEntry[], turns: readonly Turn[]): void {
    let at = 0;
    for (let i = 0; at < log.length; i++) {
      const { entries, event, draw } = turns[i % turns.length] as Turn;
      const batch = log.slice(at, at + entries);
      at += batch.length;
      this.answers.push(...this.machine.apply(batch));
      this.#drawOn(draw);
      if (event === 'restart') this.#restart(1 + (i % 40));
      if (event === 'beginSnapshot') this.#begin();
    }
    this.#drawOn(Number.POSITIVE_INFINITY);
  }

  #begin(): void {
    this.#open?.snapshot.return?.();
    const expected = contentOf(drawn(this.machine.snapshot()));
    this.#open = { snapshot: this.machine.snapshot(), expected, chunks: [] };
  }

  #drawOn(count: number): void {
    const open = this.#open;
    for (let i = 0; i < count && this.#open !== null; i++) {
      const next = open?.snapshot.next();
      if (next?.done === false) {
        open?.chunks.push(next.value);
        continue;
      }
      this.#open = null;
      assert.equal(contentOf(open?.chunks ?? []), open?.expected);
    }
  }

  #restart(pieceBytes: number): void {
    this.#open = null;
    const chunks = drawn(this.machine.snapshot());
    const before = toHex(concatBytes(chunks));
    this.tally = new TallyMachine();
    this.machine = new SessionStateMachine(this.tally, { results: textResults });
    restoreFrom(this.machine, chunks, pieceBytes);
    assert.equal(this.state(), before);
  }
}

/** What restoring makes of chunks, whose sessions may stand in another order. */
function contentOf(chunks: readonly Uint8Array[]): string {
  const machine = new SessionStateMachine(new TallyMachine(), { results: textResults });
  restoreFrom(machine, chunks, 64);
  return toHex(concatBytes(drawn(machine.snapshot())));
}

test('replicas that restart, cut batches and draw snapshots at will agree with the oracle', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(draft, { minLength: 1, maxLength: 150, size: 'max' }),
      fc.array(turn, { minLength: 1, maxLength: 20 }),
      fc.array(turn, { minLength: 1, maxLength: 20 }),
      (drafts, turnsOfOne, turnsOfOther) => {
        const { entries, answers, oracle } = logOf(drafts);
        const one = new WanderingReplica();
        const other = new WanderingReplica();
        one.run(entries, turnsOfOne);
        other.run(entries, turnsOfOther);
        assert.deepEqual(one.answers, answers);
        assert.deepEqual(other.answers, answers);
        assert.deepEqual(one.tally.applied, oracle.tally.applied);
        assert.equal(one.machine.sessionCount, oracle.aliveIds.length);
        for (const id of oracle.aliveIds) assert.ok(one.machine.hasSession(id));
        const hashes = [one, other].map(({ machine }) =>
          portableChecksum.crc32(concatBytes(drawn(machine.snapshot())), 0),
        );
        assert.equal(hashes[0], hashes[1]);
        assert.equal(one.state(), other.state());
        for (const answer of answers) {
          const isRepeated = answer.kind === 'applied' && answer.firstIndex < answer.index;
          const limit = answer.kind === 'windowFull' ? answer.limit : '';
          seen.add(`${answer.kind} ${isRepeated ? 'again' : ''}${limit}`);
        }
      },
    ),
    { numRuns: 200, seed: 20_261_122 },
  );
  // The property says nothing about what the drafts never reach.
  assert.deepEqual([...seen].toSorted(), [
    'answerForgotten ',
    'applied ',
    'applied again',
    'keptAlive ',
    'limitsSet ',
    'malformed ',
    'sessionClosed ',
    'sessionExpired ',
    'sessionOpened ',
    'stale ',
    'ticked ',
    'tooManySessions ',
    'windowFull bytes',
    'windowFull count',
  ]);
});
