import { type AppliedEntry, CodedError } from '@quorate/base';
import type { NotJson } from './plain-json.ts';

/** By code: what a MachineError knows. Indexes are those of entries in the group's log. */
export interface MachineErrorMetadata {
  /** Nothing was proposed: the value at `path` is `found`, which is no JSON. */
  RUNTIME_COMMAND_NOT_JSON: { readonly path: string; readonly found: string };
  /** The state machine does not take such a command; it changed nothing, here or anywhere. */
  RUNTIME_COMMAND_REFUSED: { readonly reason: string };
  /** An answer, result or state is no JSON; `index` of the entry that was applied, or null. */
  RUNTIME_MACHINE_NOT_JSON: {
    readonly path: string;
    readonly found: string;
    readonly index: number | null;
  };
  /**
   * The state machine's own code threw (`cause`) at entry `index`, or, when that is not known, at
   * one of `firstIndex` to `lastIndex`; 0 when no entry was being applied.
   */
  RUNTIME_MACHINE_THREW: {
    readonly method: 'apply' | 'prefetch' | 'snapshot' | 'toJSON';
    readonly firstIndex: number;
    readonly lastIndex: number;
    readonly index: number | null;
  };
  /** What has to be done at once gave a promise; `index` of the entry, or null. */
  RUNTIME_MACHINE_ASYNC: { readonly method: string; readonly index: number | null };
  /** `apply` did not give one result an entry. */
  RUNTIME_MACHINE_MISCOUNTED: {
    readonly firstIndex: number;
    readonly lastIndex: number;
    readonly entries: number;
    readonly results: number;
  };
  /** Two copies that were given the same parted, at `path`; the values are shortened. */
  RUNTIME_MACHINE_DIVERGED: {
    readonly index: number;
    readonly what:
      | 'outcome'
      | 'result'
      | 'command'
      | 'state'
      | 'restoredState'
      | 'drawnSnapshot'
      | 'read';
    readonly path: string;
    readonly first: string;
    readonly second: string;
  };
  /** `used` is not the same on every replica, so nothing replicated may hang on it. */
  RUNTIME_MACHINE_IMPURE: { readonly index: number; readonly used: readonly string[] };
  /** Nothing was restored, or nothing was kept; `offset` counts from the snapshot's first byte. */
  RUNTIME_MACHINE_SNAPSHOT_UNUSABLE: { readonly reason: string; readonly offset: number };
}

/**
 * Each has a row in docs/reference/errors.md. Those of a machine (RUNTIME_MACHINE_...) stop the
 * node; those of a command are for whoever proposed it.
 */
export type MachineErrorCode = keyof MachineErrorMetadata;

/** A state machine breaks its contract, or was given a command that it does not take. */
export class MachineError<Code extends MachineErrorCode = MachineErrorCode> extends CodedError<
  MachineErrorMetadata,
  Code
> {
  override readonly name = 'MachineError';
}

type ThrowingMethod = MachineErrorMetadata['RUNTIME_MACHINE_THREW']['method'];

interface EntryRange {
  readonly firstIndex: number;
  readonly lastIndex: number;
}

/** Where no entry is applied. */
export const noEntries: EntryRange = { firstIndex: 0, lastIndex: 0 };

export function rangeOf(entries: readonly AppliedEntry[]): EntryRange {
  return { firstIndex: entries[0]?.index ?? 0, lastIndex: entries.at(-1)?.index ?? 0 };
}

/** Not `instanceof Promise`: anything with `then` is one to `await`. */
export function isThenable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return typeof (value as { readonly then?: unknown }).then === 'function';
}

/** @param index of the entry that it is known to be about */
export function machineThrew(
  method: ThrowingMethod,
  { firstIndex, lastIndex }: EntryRange,
  index: number | null,
  cause: unknown,
): MachineError {
  let where = '';
  if (index !== null) where = ` at entry ${index}`;
  else if (firstIndex > 0) where = ` at one of the entries ${firstIndex} to ${lastIndex}`;
  const message =
    `the state machine's ${method} threw${where}: ${messageOf(cause)}; ` +
    'mend it, and answer commands it does not like by a result instead of an exception';
  const metadata = { method, firstIndex, lastIndex, index };
  return new MachineError('RUNTIME_MACHINE_THREW', message, metadata, { cause });
}

/**
 * @param promised settles unheard: its rejection would end the process before this error is seen
 */
export function machineAsync(
  method: string,
  index: number | null,
  promised: unknown,
): MachineError {
  const ignore = (): void => undefined;
  try {
    (promised as { then(fulfilled: () => void, rejected: () => void): void }).then(ignore, ignore);
  } catch {
    // What its `then` thinks of that makes no difference.
  }
  const where = index === null ? '' : ` at entry ${index}`;
  return new MachineError(
    'RUNTIME_MACHINE_ASYNC',
    `the state machine's ${method} gave a promise${where}: it may not wait for anything, ` +
      'so make it a plain function and do I/O before proposing',
    { method, index },
  );
}

/** @param index of the entry that was applied, if one was */
export function machineNotJson(error: NotJson, index: number | null): MachineError {
  const { path, found } = error;
  const where = index === null ? '' : ` at entry ${index}`;
  const message = `the state machine gave what is no JSON${where}: ${error.message}`;
  return new MachineError('RUNTIME_MACHINE_NOT_JSON', message, { path, found, index });
}

export function snapshotUnusable(reason: string, offset: number, cause?: unknown): MachineError {
  return new MachineError(
    'RUNTIME_MACHINE_SNAPSHOT_UNUSABLE',
    `a snapshot of the state machine cannot be used at byte ${offset}: ${reason}`,
    { reason, offset },
    { cause },
  );
}

/** It says what is wrong, and where, already. */
export function isMachineError(error: unknown): error is MachineError {
  return error instanceof MachineError;
}

/** Anything may be thrown; of what is no error, and no text, only the type is told. */
export function messageOf(cause: unknown): string {
  const text: unknown = cause instanceof Error ? cause.message : cause;
  return typeof text === 'string' ? text : `a thrown ${typeof text}`;
}
