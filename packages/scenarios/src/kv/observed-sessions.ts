import { type AppliedEntry, assert, ByteReader, ByteWriter, equalBytes } from '@quorate/base';
import type { KvResult } from '@quorate/kv';
import {
  defaultSessionLimits,
  type ResultCodec,
  type SessionLimits,
  type SessionResult,
  SessionStateMachine,
} from '@quorate/runtime';
import { InvariantViolation } from '@quorate/sim';
import type { ObservedKv } from './applied-log.ts';

/** An answer to a compare-and-set is longer than this, and so not remembered; others are not. */
const longBytes = 10;

/** Short enough that sessions expire within a run, and windows fill. */
export const scenarioLimits: SessionLimits = {
  ...defaultSessionLimits,
  maxSessions: 6,
  maxWindow: 6,
  maxAnswerBytes: longBytes,
  minTtlMs: 400,
  maxStepMs: 100,
};

const kinds = { put: 1, deleteRange: 2, txn: 3 } as const;

/** Answers to the commands that `KvClient` sends, and no others. */
export const kvResults: ResultCodec<KvResult> = {
  encode(result) {
    assert(result.kind in kinds, 'clients send what is answered so');
    const writer = new ByteWriter();
    writer.varint(kinds[result.kind as keyof typeof kinds]);
    writer.varint(result.revision);
    if (result.kind === 'deleteRange') writer.varint(result.deleted);
    if (result.kind === 'txn') writer.raw(new Uint8Array(longBytes).fill(result.succeeded ? 1 : 0));
    return writer.take();
  },
  decode(bytes) {
    const reader = new ByteReader(bytes);
    const kind = reader.varint();
    const revision = reader.varint();
    if (kind === kinds.put) return { kind: 'put', previous: null, revision };
    const answer = reader.varint();
    if (kind === kinds.deleteRange) {
      return { kind: 'deleteRange', deleted: answer, previous: [], revision };
    }
    return { kind: 'txn', succeeded: answer === 1, responses: [], revision };
  },
};

export interface AppliedSessionCommand extends AppliedEntry {
  readonly result: SessionResult<KvResult>;
  /** Who applied it first. */
  readonly node: number;
}

/** What the state machine with sessions was given at each index, and answered. */
export class SessionLog {
  readonly #byIndex: (AppliedSessionCommand | undefined)[] = [];
  readonly #fail: (error: Error) => void;

  /** @param fail is told of an InvariantViolation */
  constructor(fail: (error: Error) => void) {
    this.#fail = fail;
  }

  /** In the order of their indexes. */
  *[Symbol.iterator](): Iterator<AppliedSessionCommand> {
    for (const applied of this.#byIndex) if (applied !== undefined) yield applied;
  }

  add(node: number, entry: AppliedEntry, result: SessionResult<KvResult>): void {
    const { index } = entry;
    const known = this.#byIndex[index];
    if (known === undefined) {
      while (this.#byIndex.length < index) this.#byIndex.push(undefined);
      this.#byIndex[index] = { ...entry, result, node };
      return;
    }
    if (isSameAnswer(known, entry, result)) return;
    const why =
      `at index ${index} the sessions of node ${known.node} answered ` +
      `${answerText(known.result)}, those of node ${node} ${answerText(result)}`;
    this.#fail(new InvariantViolation('deterministic sessions', why));
  }
}

function isSameAnswer(
  known: AppliedSessionCommand,
  entry: AppliedEntry,
  result: SessionResult<KvResult>,
): boolean {
  if (known.term !== entry.term || known.timestampMicros !== entry.timestampMicros) return false;
  const before = known.result;
  // What is applied now is compared as the store within gets it.
  if (before.kind === 'applied' && result.kind === 'applied' && before.firstIndex === entry.index) {
    return result.firstIndex === entry.index && result.result.revision === before.result.revision;
  }
  return equalBytes(known.command, entry.command) && answerText(before) === answerText(result);
}

/** All of an answer but what the store within said: that is compared where it is applied first. */
export function answerText(answer: SessionResult<KvResult>): string {
  if (answer.kind !== 'applied') return JSON.stringify(answer);
  return `applied ${answer.firstIndex} revision ${answer.result.revision}`;
}

/** Client sessions around the key-value store of one life of one node, watched. */
export class ObservedSessions extends SessionStateMachine<KvResult> {
  readonly kv: ObservedKv;
  readonly #node: number;
  readonly #log: SessionLog;

  constructor(node: number, kv: ObservedKv, log: SessionLog) {
    super(kv, { results: kvResults, limits: scenarioLimits });
    this.kv = kv;
    this.#node = node;
    this.#log = log;
  }

  override apply(entries: readonly AppliedEntry[]): readonly SessionResult<KvResult>[] {
    const results = super.apply(entries);
    entries.forEach((entry, position) => {
      this.#log.add(this.#node, entry, results[position] as SessionResult<KvResult>);
    });
    return results;
  }
}
