import { type AppliedEntry, assert, type StateMachine } from '@quorate/base';
import type { RememberedAnswer, Session } from './session.ts';
import type { ResultCodec, SessionResult } from './session-result.ts';

/** Where an answer is to be remembered. */
interface AnswerPlace {
  readonly session: Session;
  readonly sequence: number;
  readonly answer: RememberedAnswer;
}

/**
 * Gathers the commands that the inner state machine is to apply, because it does better with many
 * at a time, and hands their results out: to the caller's positions and to the sessions.
 */
export class InnerBatch<Result> {
  readonly #inner: StateMachine<Result>;
  readonly #codec: ResultCodec<Result>;
  readonly #results: SessionResult<Result>[];
  #entries: AppliedEntry[] = [];
  /** Of each of `#entries`: whose result it is, and where a session remembers it. */
  #positions: number[] = [];
  #places: (AnswerPlace | null)[] = [];

  /** @param results filled by position */
  constructor(
    inner: StateMachine<Result>,
    codec: ResultCodec<Result>,
    results: SessionResult<Result>[],
  ) {
    this.#inner = inner;
    this.#codec = codec;
    this.#results = results;
  }

  add(position: number, entry: AppliedEntry, command: Uint8Array, place: AnswerPlace | null): void {
    const { index, term, timestampMicros } = entry;
    this.#entries.push({ index, term, timestampMicros, command });
    this.#positions.push(position);
    this.#places.push(place);
  }

  /** Applies what has gathered. */
  settle(maxAnswerBytes: number): void {
    if (this.#entries.length === 0) return;
    const entries = this.#entries;
    const positions = this.#positions;
    const places = this.#places;
    this.#entries = [];
    this.#positions = [];
    this.#places = [];
    const results = this.#inner.apply(entries);
    assert(results.length === entries.length, 'apply answers every command');
    for (let at = 0; at < entries.length; at++) {
      const place = places[at] ?? null;
      const { index } = entries[at] as AppliedEntry;
      const result = results[at] as Result;
      this.#results[positions[at] as number] = {
        kind: 'applied',
        result,
        index,
        firstIndex: index,
      };
      if (place === null) continue;
      const { session, sequence, answer } = place;
      session.settle(sequence, answer, this.#codec.encode(result), maxAnswerBytes);
    }
  }
}
