import type { KvResult } from '@quorate/kv';
import {
  encodeSessionCommand,
  type GroupHandle,
  type ProposeOptions,
  type RuntimeError,
  type SessionResult,
} from '@quorate/runtime';

/** What a client is told of a write in the end. */
export type WriteAnswer<Result = KvResult> =
  /** A result of null: it was applied there, and what it answered is not known any more. */
  | { readonly kind: 'done'; readonly index: number; readonly result: Result | null }
  | { readonly kind: 'unknown' }
  /** It has not happened and never will. */
  | { readonly kind: 'refused'; readonly code: string };

export type Answered<Result = KvResult> = (answer: WriteAnswer<Result>) => void;

/**
 * Proposes a command once, outside any session.
 *
 * @param isEnveloped the group's state machine is one with sessions
 */
export function proposeOnce(
  handle: GroupHandle<unknown>,
  command: Uint8Array,
  isEnveloped: boolean,
  answered: Answered,
  options?: ProposeOptions,
): void {
  const proposed = isEnveloped ? encodeSessionCommand({ kind: 'plain', command }) : command;
  handle.propose(
    proposed,
    (error, applied) => {
      if (error !== null) answered(answerOf(error));
      else if (applied !== null) {
        const { index, result } = applied;
        answered({ kind: 'done', index, result: isEnveloped ? unwrap(result) : kvResult(result) });
      }
    },
    options,
  );
}

function answerOf(error: RuntimeError): WriteAnswer {
  if (error.code === 'RUNTIME_OUTCOME_UNKNOWN') return { kind: 'unknown' };
  if (error.code !== 'RUNTIME_DURABILITY_UNMET') return { kind: 'refused', code: error.code };
  // Committed, and not where it was asked to be: no failure of the command (rule 12).
  const { index } = error.metadata as { readonly index: number };
  return { kind: 'done', index, result: null };
}

/** Another entry's result is none of a command's. */
function kvResult(result: unknown): KvResult | null {
  return (result as KvResult | undefined) ?? null;
}

function unwrap(result: unknown): KvResult | null {
  const session = result as SessionResult<KvResult> | undefined;
  return session?.kind === 'applied' ? session.result : null;
}
