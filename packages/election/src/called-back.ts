import { RuntimeError } from '@quorate/runtime';

/** Called once; null: it is done. */
type Done = (error: Error | null) => void;

/**
 * A promise of what calls back.
 *
 * @param aborted what is thrown when the signal ends the wait, made from the signal's reason
 */
export async function calledBack(
  begin: (done: Done) => void,
  signal?: AbortSignal,
  aborted: (reason: unknown) => unknown = (reason) => reason,
): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => reject(aborted(signal?.reason));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    begin((error) => {
      if (error === null) resolve();
      else reject(error);
    });
    await promise;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** The wait for a command was ended. */
export function unknownOutcome(cause: unknown): RuntimeError {
  return new RuntimeError(
    'RUNTIME_OUTCOME_UNKNOWN',
    'The wait for the answer was ended; the command may have been applied, or may be yet.',
    { reason: 'aborted' },
    { cause },
  );
}
