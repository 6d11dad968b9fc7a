import {
  type AppliedEntry,
  assert,
  concatBytes,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';
import { adaptSimple, isSimpleStateMachine, type SimpleResult } from '@quorate/runtime';
import type { WorkbenchMachine } from './machine-types.ts';
import type { Outcome } from './service.ts';
import { shown, shownBytes, shownText } from './shown.ts';
import { optionInvalid } from './sim-error.ts';

/** One copy of a user's state machine in the full form, with what the workbench needs beside it. */
export interface PreparedMachine extends StateMachine<unknown> {
  /** The user's own object. */
  readonly user: WorkbenchMachine;
  /** @throws MachineError RUNTIME_COMMAND_REFUSED, RUNTIME_COMMAND_NOT_JSON; SimError */
  encode(command: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
  /** What the user's `apply` answered, or that it was not asked. */
  outcomeOf(applied: unknown): AppliedOutcome;
  query(query: unknown): unknown;
  describeCommand(bytes: Uint8Array): string;
  describeSnapshot?(bytes: Uint8Array): unknown;
}

export type AppliedOutcome = Extract<Outcome<unknown>, { readonly kind: 'done' | 'refused' }>;

const decoder = new TextDecoder();

export function prepareMachine(user: WorkbenchMachine): PreparedMachine {
  return isSimpleStateMachine(user) ? prepareSimple(user) : prepareFull(user as FullMachine);
}

function prepareSimple(user: WorkbenchMachine): PreparedMachine {
  // Whoever gave the machine gives its commands and queries too; JSON checks the rest.
  const simple = adaptSimple<unknown, unknown, unknown, unknown>(
    user as Parameters<typeof adaptSimple<unknown, unknown, unknown, unknown>>[0],
  );
  return {
    user,
    apply: (entries) => simple.apply(entries),
    snapshot: () => simple.snapshot(),
    restore: () => simple.restore(),
    encode: (command) => simple.encodeCommand(command),
    decode: (bytes) => JSON.parse(decoder.decode(bytes)) as unknown,
    outcomeOf: (applied) => outcomeOfSimple(applied as SimpleResult<unknown>),
    query: (query) => simple.query(query),
    describeCommand: (bytes) => shownText(decoder.decode(bytes)),
    describeSnapshot: (bytes) => simple.describeSnapshot(bytes),
  };
}

/** A command is looked at once more when it is applied. */
function outcomeOfSimple(applied: SimpleResult<unknown>): AppliedOutcome {
  if (applied.kind === 'applied') return { kind: 'done', value: applied.result };
  return { kind: 'refused', code: 'RUNTIME_COMMAND_REFUSED' };
}

/** As a line of a failure report has it. */
export function shownOutcome(outcome: Outcome<unknown>): string {
  if (outcome.kind === 'done') return shown(outcome.value);
  return outcome.kind === 'refused' ? outcome.code : 'that nobody knows';
}

type FullMachine = StateMachine<unknown> & {
  query?(query: unknown): unknown;
  describeSnapshot?(bytes: Uint8Array): unknown;
};

function prepareFull(user: FullMachine): PreparedMachine {
  const { prefetch, describeSnapshot } = user;
  return {
    user,
    ...(prefetch === undefined ? {} : { prefetch: prefetch.bind(user) }),
    apply: (entries) => user.apply(entries),
    snapshot: () => user.snapshot(),
    restore: () => user.restore(),
    encode: (command) => {
      if (command instanceof Uint8Array) return command;
      const fix = 'give a Uint8Array, or a state machine in the simple form';
      throw optionInvalid('commands', `gave a ${typeof command} to one that takes bytes`, fix);
    },
    decode: (bytes) => bytes,
    outcomeOf: (applied) => ({ kind: 'done', value: applied }),
    query: (query) => {
      assert(user.query !== undefined, 'a state machine that is asked has a query method');
      return user.query(query);
    },
    describeCommand: shownBytes,
    ...(describeSnapshot === undefined ? {} : { describeSnapshot: describeSnapshot.bind(user) }),
  };
}

/** @returns what `apply` answered for the one entry, without waiting for anything */
export function applyOne(machine: PreparedMachine, entry: AppliedEntry): unknown {
  let outcome: Error | null | undefined = machine.prefetch === undefined ? null : undefined;
  machine.prefetch?.([entry], (error) => {
    outcome = error;
  });
  if (outcome === undefined) {
    const fix = 'check a state machine whose storage is in memory: virtual time waits for nobody';
    throw optionInvalid('create', 'made one whose prefetch did not call back at once', fix);
  }
  if (outcome !== null) throw outcome;
  return machine.apply([entry])[0];
}

/** All chunks of a snapshot, one after the other. */
export function snapshotOf(machine: StateMachine<unknown>): Uint8Array {
  const chunks: Uint8Array[] = [];
  const iterator = machine.snapshot();
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
    chunks.push(new Uint8Array(next.value));
  }
  return concatBytes(chunks);
}

export function restoreFrom(machine: StateMachine<unknown>, bytes: Uint8Array): void {
  const sink: SnapshotSink = machine.restore();
  for (let at = 0; at < bytes.length; at += restoredChunkBytes) {
    sink.chunk(bytes.slice(at, at + restoredChunkBytes));
  }
  sink.finish();
}

const restoredChunkBytes = 1 << 20;
