import type { AppliedEntry, SnapshotSink, StateMachine } from '@quorate/base';
import { concatBytes } from '@quorate/base';
import {
  encodeSessionCommand,
  type SessionCommand,
} from '../../../src/sessions/session-command.ts';
import { defaultSessionLimits, type SessionLimits } from '../../../src/sessions/session-limits.ts';
import type { ResultCodec, SessionResult } from '../../../src/sessions/session-result.ts';
import { SessionStateMachine } from '../../../src/sessions/session-state-machine.ts';

const text = new TextEncoder();
const decoder = new TextDecoder();

export function bytesOf(value: string): Uint8Array {
  return text.encode(value);
}

/**
 * Notes every command it applies and answers with it and how many there have been: one applied
 * twice shows in every later answer. `Nx` is answered with N letters more.
 */
export class TallyMachine implements StateMachine<string> {
  applied: string[] = [];
  readonly batches: number[] = [];

  apply(entries: readonly AppliedEntry[]): readonly string[] {
    this.batches.push(entries.length);
    return entries.map(({ command }) => {
      const name = decoder.decode(command);
      this.applied.push(name);
      const letters = /^(\d+)x/.exec(name)?.[1] ?? '0';
      return `${name}#${this.applied.length}${'x'.repeat(Number(letters))}`;
    });
  }

  snapshot(): Iterator<Uint8Array, void> {
    return [text.encode(JSON.stringify(this.applied)), text.encode('\n')].values();
  }

  restore(): SnapshotSink {
    const chunks: Uint8Array[] = [];
    return {
      chunk: (bytes) => chunks.push(bytes.slice()),
      finish: () => {
        const all = decoder.decode(concatBytes(chunks));
        if (!all.endsWith('\n')) throw new Error('the tally is not complete');
        this.applied = JSON.parse(all) as string[];
      },
    };
  }
}

export const textResults: ResultCodec<string> = {
  encode: (result) => text.encode(result),
  decode: (bytes) => decoder.decode(bytes),
};

export const tightLimits: SessionLimits = {
  ...defaultSessionLimits,
  maxSessions: 3,
  maxWindow: 4,
  maxAnswerBytes: 24,
  maxSessionBytes: 30,
  minTtlMs: 1000,
  maxTtlMs: 8000,
  maxStepMs: 250,
};

/** A replica alone: gives commands their index, and the time it is told. */
export class Replica {
  tally: TallyMachine;
  machine: SessionStateMachine<string>;
  readonly limits: SessionLimits;
  index = 0;
  term = 1;
  nowMs = 1_000_000;

  constructor(limits: SessionLimits = tightLimits) {
    this.limits = limits;
    this.tally = new TallyMachine();
    this.machine = new SessionStateMachine(this.tally, { results: textResults, limits });
  }

  entry(command: Uint8Array): AppliedEntry {
    this.index += 1;
    return { index: this.index, term: this.term, timestampMicros: this.nowMs * 1000, command };
  }

  entryOf(command: SessionCommand): AppliedEntry {
    return this.entry(encodeSessionCommand(command));
  }

  apply(...commands: SessionCommand[]): readonly SessionResult<string>[] {
    return this.machine.apply(commands.map((command) => this.entryOf(command)));
  }

  one(command: SessionCommand): SessionResult<string> {
    return this.apply(command)[0] as SessionResult<string>;
  }

  open(ttlMs = 2000, nonce: Uint8Array = new Uint8Array(0)): number {
    const result = this.one({ kind: 'openSession', ttlMs, nonce });
    if (result.kind !== 'sessionOpened') throw new Error(result.kind);
    return result.session;
  }

  /** Time passes in ticks of the largest step. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= this.limits.maxStepMs) {
      this.nowMs += Math.min(left, this.limits.maxStepMs);
      this.one({ kind: 'tick' });
    }
  }

  isAlive(session: number): boolean {
    return this.machine.hasSession(session);
  }
}

export function inSession(
  session: number,
  sequence: number,
  command: string,
  acknowledgedBelow = 1,
): SessionCommand {
  return { kind: 'inSession', session, sequence, acknowledgedBelow, command: bytesOf(command) };
}

export function drawn(snapshot: Iterator<Uint8Array, void>): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let next = snapshot.next(); next.done !== true; next = snapshot.next())
    chunks.push(next.value.slice());
  return chunks;
}

/** Hands over pieces of at most `pieceBytes`, each overwritten once the call returns. */
export function restoreFrom(
  machine: StateMachine<unknown>,
  chunks: readonly Uint8Array[],
  pieceBytes: number,
): void {
  const all = concatBytes(chunks);
  const sink = machine.restore();
  for (let at = 0; at < all.length; at += pieceBytes) {
    const piece = all.slice(at, at + pieceBytes);
    sink.chunk(piece);
    piece.fill(0xee);
  }
  sink.finish();
}
