import {
  type AppliedEntry,
  assert,
  type Checkpoints,
  type SnapshotSink,
  type StateMachine,
  unreachable,
} from '@quorate/base';
import type { LogIndex } from '@quorate/schema';
import { InnerBatch } from './inner-batch.ts';
import { type Admission, nonceKey, type RememberedAnswer, type Session } from './session.ts';
import { sessionCheckpoints } from './session-checkpoints.ts';
import {
  decodeOtherCommand,
  decodeSessionCommand,
  type InSessionCommand,
  type KeepAliveCommand,
  type MalformedCommand,
  type OpenSessionCommand,
  type OtherCommand,
  plainCommandOf,
} from './session-command.ts';
import {
  defaultSessionLimits,
  type SessionLimits,
  sessionLimitsProblem,
} from './session-limits.ts';
import type {
  ResultCodec,
  SessionResult,
  StaleResult,
  WindowFullResult,
} from './session-result.ts';
import { SessionSnapshot } from './session-snapshot.ts';
import { SessionSnapshotSink } from './session-snapshot-sink.ts';
import { SessionTable } from './session-table.ts';

/** The same on every replica of a group, and in every release that reads its snapshots. */
export interface SessionStateMachineOptions<Result> {
  readonly results: ResultCodec<Result>;
  /**
   * What an empty state begins with; equal on all replicas, or their states part. A restored
   * snapshot brings its own: to change them later, propose a `setLimits` command.
   */
  readonly limits?: SessionLimits;
}

/** What is done with the entries of one batch, and where their results go. */
interface Turn<Result> {
  readonly results: SessionResult<Result>[];
  readonly batch: InnerBatch<Result>;
}

/**
 * Client sessions around any state machine (dissertation 6.3): a command that a client sends again,
 * because it does not know what became of it, is applied once and answered with the answer it had.
 *
 * Commands are what `encodeSessionCommand` makes. Sessions, what they remember and the time they
 * live by are replicated state: a function of the log alone, however it is cut into batches and
 * wherever a snapshot takes the place of its beginning. Bytes that are no command are answered as
 * `malformed`, so nothing that is logged can stop a replica.
 *
 * An inner state machine that has `prefetch` is told of every command it might have to apply;
 * `apply` follows for those of them that are not repeated, in order, perhaps in several calls.
 */
export class SessionStateMachine<Result> implements StateMachine<SessionResult<Result>> {
  readonly prefetch?: NonNullable<StateMachine<unknown>['prefetch']>;
  readonly checkpoints?: Checkpoints;
  readonly #inner: StateMachine<Result>;
  readonly #codec: ResultCodec<Result>;
  #table: SessionTable;

  constructor(inner: StateMachine<Result>, options: SessionStateMachineOptions<Result>) {
    const { results, limits = defaultSessionLimits } = options;
    const problem = sessionLimitsProblem(limits);
    assert(problem === null, `session limits can be used: ${problem}`);
    this.#inner = inner;
    this.#codec = results;
    this.#table = new SessionTable(limits);
    if (inner.prefetch !== undefined) {
      const prefetch = inner.prefetch.bind(inner);
      this.prefetch = (entries, done) => prefetch(entries.flatMap(innerEntry), done);
    }
    if (inner.checkpoints !== undefined)
      this.checkpoints = sessionCheckpoints(inner.checkpoints, () => this.#table);
  }

  /** Live ones; while there are any, `sessionTickAtMs` wants ticks. */
  get sessionCount(): number {
    return this.#table.sessions.size;
  }

  /** Whether the session lives, as of what has been applied here. */
  hasSession(session: LogIndex): boolean {
    return this.#table.sessions.has(session);
  }

  get limits(): SessionLimits {
    return this.#table.limits;
  }

  apply(entries: readonly AppliedEntry[]): readonly SessionResult<Result>[] {
    const results = new Array<SessionResult<Result>>(entries.length);
    const batch = new InnerBatch(this.#inner, this.#codec, results);
    const turn: Turn<Result> = { results, batch };
    for (let position = 0; position < entries.length; position++) {
      const entry = entries[position] as AppliedEntry;
      this.#table.advance(entry.term, entry.timestampMicros);
      const plain = plainCommandOf(entry.command);
      if (plain !== null) {
        batch.add(position, entry, plain, null);
        continue;
      }
      const command = decodeOtherCommand(entry.command);
      if (command.kind === 'inSession') this.#inSession(turn, position, entry, command);
      else results[position] = this.#control(batch, entry.index, command);
    }
    batch.settle(this.#table.limits.maxAnswerBytes);
    return results;
  }

  /** Must be drawn to its end or ended with `return()`. */
  snapshot(): Iterator<Uint8Array, void> {
    return new SessionSnapshot(this.#table, this.#inner.snapshot());
  }

  /** @throws SessionError RUNTIME_SESSIONS_INVALID, from the sink's methods */
  restore(): SnapshotSink {
    return new SessionSnapshotSink(this.#inner.restore(), (table) => {
      this.#table = table;
    });
  }

  #inSession(
    { results, batch }: Turn<Result>,
    position: number,
    entry: AppliedEntry,
    { session: id, sequence, acknowledgedBelow, command }: InSessionCommand,
  ): void {
    const { limits } = this.#table;
    const session = this.#table.contact(id);
    if (session === undefined) {
      results[position] = { kind: 'sessionExpired' };
      return;
    }
    session.acknowledge(acknowledgedBelow);
    const answer = session.answers.get(sequence);
    // What follows must not hang on where the batch begins, so what it needs is settled first.
    if (answer?.pending === true || session.isUnsettled(limits))
      batch.settle(limits.maxAnswerBytes);
    if (answer !== undefined) {
      results[position] = this.#remembered(answer, entry.index);
      return;
    }
    const admission = session.admit(sequence, limits);
    if (admission === 'apply') {
      const place = { session, sequence, answer: session.expectAnswer(sequence, entry.index) };
      batch.add(position, entry, command, place);
    } else {
      results[position] = refusal(admission, session);
    }
  }

  #remembered(answer: RememberedAnswer, index: LogIndex): SessionResult<Result> {
    const { index: firstIndex, bytes } = answer;
    if (bytes === null) return { kind: 'answerForgotten', index, firstIndex };
    return { kind: 'applied', result: this.#codec.decode(bytes), index, firstIndex };
  }

  #control(
    batch: InnerBatch<Result>,
    index: LogIndex,
    command: Exclude<OtherCommand, InSessionCommand> | MalformedCommand,
  ): SessionResult<Result> {
    switch (command.kind) {
      case 'openSession':
        return this.#open(index, command);
      case 'closeSession':
        return { kind: 'sessionClosed', wasOpen: this.#table.close(command.session) };
      case 'keepAlive':
        return this.#keepAlive(command);
      case 'tick':
        return { kind: 'ticked' };
      case 'setLimits':
        // What came before is remembered under the limits that held then.
        batch.settle(this.#table.limits.maxAnswerBytes);
        this.#table.limits = command.limits;
        return { kind: 'limitsSet' };
      case 'malformed':
        return command;
      default:
        return unreachable(command);
    }
  }

  #open(index: LogIndex, { ttlMs, nonce }: OpenSessionCommand): SessionResult<Result> {
    const table = this.#table;
    const key = nonceKey(nonce);
    const session = table.contactByNonce(key) ?? table.open(index, ttlMs, key);
    const { maxSessions, maxWindow } = table.limits;
    if (session === null) return { kind: 'tooManySessions', maxSessions };
    return { kind: 'sessionOpened', session: session.id, index, ttlMs: session.ttlMs, maxWindow };
  }

  #keepAlive({ sessions }: KeepAliveCommand): SessionResult<Result> {
    const expired = sessions.filter((session) => this.#table.contact(session) === undefined);
    return { kind: 'keptAlive', expired };
  }
}

function refusal(
  admission: Exclude<Admission, 'apply'>,
  { acknowledgedBelow }: Session,
): StaleResult | WindowFullResult {
  if (admission === 'stale') return { kind: 'stale', acknowledgedBelow };
  return { kind: 'windowFull', limit: admission, acknowledgedBelow };
}

function innerEntry(entry: AppliedEntry): readonly AppliedEntry[] {
  const decoded = decodeSessionCommand(entry.command);
  if (decoded.kind !== 'plain' && decoded.kind !== 'inSession') return [];
  const { index, term, timestampMicros } = entry;
  return [{ index, term, timestampMicros, command: decoded.command }];
}
