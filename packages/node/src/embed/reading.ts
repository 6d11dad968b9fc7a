import { present } from '@quorate/base';
import type { PreparedMachine } from './machine-forms.ts';
import type { ReadOptions } from './node.ts';

/** What a read gives: of a view of the state machine, or of its own `query`. */
export function look(prepared: PreparedMachine, what: unknown): unknown {
  const answer = prepared.observed(() =>
    typeof what === 'function' ? what(prepared.machine) : prepared.query(what),
  );
  if (typeof (answer as { then?: unknown } | null | undefined)?.then === 'function') {
    throw new TypeError('a read is synchronous: what it returns must not be a promise');
  }
  return answer;
}

/** @param options checked */
export function maxStalenessOf({ consistency, maxStalenessMs }: ReadOptions): number {
  if (consistency === 'local') return Number.POSITIVE_INFINITY;
  if (consistency !== 'bounded') return 0;
  return present(maxStalenessMs, 'a bounded read has its bound');
}

/**
 * @param begin gets how to fulfil and to reject
 * @param aborted what is thrown, made from the signal's reason
 */
export async function abortable<Value>(
  signal: AbortSignal | undefined,
  aborted: (reason: unknown) => unknown,
  begin: (fulfil: (value: Value) => void, reject: (error: unknown) => void) => void,
): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const onAbort = (): void => reject(aborted(signal?.reason));
  signal?.addEventListener('abort', onAbort, { once: true });
  begin(resolve, reject);
  try {
    return await promise;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Waits at `barrier`, then looks, in the same turn. */
export function readAt(
  machine: PreparedMachine,
  what: unknown,
  signal: AbortSignal | undefined,
  barrier: (passed: (error: Error | null) => void) => void,
): Promise<unknown> {
  return abortable(
    signal,
    (reason) => reason,
    (fulfil, reject) => {
      barrier((error) => {
        if (error !== null) {
          reject(error);
          return;
        }
        try {
          fulfil(look(machine, what));
        } catch (thrown) {
          reject(thrown);
        }
      });
    },
  );
}
