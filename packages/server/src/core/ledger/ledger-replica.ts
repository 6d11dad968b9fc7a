import { type AppliedEntry, ByteReader, ByteWriter } from '@quorate/base';
import { decodeResults, type LedgerAnswer, type LedgerMachine } from '@quorate/ledger';
import {
  defaultSessionLimits,
  type ResultCodec,
  type SessionLimits,
  SessionStateMachine,
} from '@quorate/runtime';
import type { ClockWatch } from './clock-watch.ts';
import type { LedgerResult } from './ledger-group.ts';

/**
 * Of the sessions of the group: permanent, as what an empty state begins with. An answer that names
 * all events of the largest batch has 24 KiB; clients that have all of that in every batch get
 * through one batch at a time when ten are remembered.
 */
const ledgerSessionLimits: SessionLimits = {
  ...defaultSessionLimits,
  maxSessions: 1024,
  maxAnswerBytes: 32 * 1024,
  maxSessionBytes: 256 * 1024,
};

const resultsTag = 0;
const refusedTag = 1;

/** As they are remembered: a byte, then the results as they go to a client, or a text. */
const ledgerResults: ResultCodec<LedgerAnswer> = {
  encode(answer) {
    if (answer.kind === 'results') {
      const encoded = answer.encoded();
      const bytes = new Uint8Array(1 + encoded.length);
      bytes[0] = resultsTag;
      bytes.set(encoded, 1);
      return bytes;
    }
    const writer = new ByteWriter();
    writer.varint(refusedTag);
    writer.string(answer.reason);
    return writer.take();
  },
  decode(bytes) {
    if (bytes[0] === resultsTag) {
      const encoded = bytes.slice(1);
      return { kind: 'results', ...decodeResults(encoded), encoded: () => encoded };
    }
    const reader = new ByteReader(bytes);
    reader.varint();
    return { kind: 'refused', reason: reader.string() };
  },
};

class LedgerReplica extends SessionStateMachine<LedgerAnswer> {
  readonly #watch: Pick<ClockWatch, 'applying'> | null;

  constructor(machine: LedgerMachine, watch: Pick<ClockWatch, 'applying'> | null) {
    super(machine, { results: ledgerResults, limits: ledgerSessionLimits });
    this.#watch = watch;
  }

  override apply(entries: readonly AppliedEntry[]): readonly LedgerResult[] {
    const newest = entries.at(-1);
    if (newest !== undefined) this.#watch?.applying(newest.timestampMicros);
    return super.apply(entries);
  }
}

/**
 * @param watch is told of the time of entries, which it does not change
 * @returns the books as a group replicates them, with the sessions of their clients
 */
export function ledgerReplica(
  machine: LedgerMachine,
  watch: Pick<ClockWatch, 'applying'> | null = null,
): SessionStateMachine<LedgerAnswer> {
  return new LedgerReplica(machine, watch);
}
