import type { Logger } from '@quorate/base';
import { ElectionError } from './core/election-error.ts';
import type { Work, WorkOptions } from './election.ts';
import { refuse, shown } from './refuse-option.ts';
import type { RunningLeadership, WorkOutcome } from './running-leadership.ts';

export interface WorkParts {
  readonly logger: Logger;
  /** Waits until this node leads. */
  readonly campaign: (options: WorkOptions) => Promise<RunningLeadership>;
  readonly resign: (leadership: RunningLeadership) => Promise<void>;
}

/**
 * `Election.withLeadership`.
 *
 * @throws ElectionError ELECTION_OPTIONS_INVALID before anything was begun
 */
export async function runWork<Result>(
  work: Work<Result>,
  options: WorkOptions,
  { logger, campaign, resign }: WorkParts,
): Promise<Result> {
  if (typeof work !== 'function') {
    refuse('work', `is ${shown(work)}`, 'give a function, to be called while this node leads');
  }
  const { signal, again = false } = options;
  for (;;) {
    const leadership = await campaign(options);
    // Lost again between the event and this turn: nothing was begun.
    if (!leadership.isValid()) {
      if (again && mayLeadAgain(leadership)) continue;
      throw leadership.lossError();
    }
    const outcome = await leadership.run(work, signal);
    const isOver = !leadership.isValid();
    // Others may work under it, or the caller of `campaign` may.
    if (!isOver && !leadership.hasWork && !leadership.isKept) await resign(leadership);
    if (!isOver || signal?.aborted === true) return resultOf(outcome);
    const error = outcome.kind === 'failed' ? outcome.error : undefined;
    if (!again || !mayLeadAgain(leadership)) throw leadership.lossError(error);
    if (outcome.kind === 'failed' && !isAbort(error, leadership.signal)) {
      logger.warn('work failed after its leadership was lost', {
        token: leadership.token,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
}

function resultOf<Result>(outcome: WorkOutcome<Result>): Result {
  if (outcome.kind === 'failed') throw outcome.error;
  return outcome.result;
}

/** Unless it was given up here. */
function mayLeadAgain({ signal }: RunningLeadership): boolean {
  const { reason } = signal;
  if (!(reason instanceof ElectionError) || reason.code !== 'ELECTION_LEADERSHIP_LOST') return true;
  const { metadata } = reason as ElectionError<'ELECTION_LEADERSHIP_LOST'>;
  return metadata.reason !== 'resigned' && metadata.reason !== 'closed';
}

/** It says no more than that it was told to stop. */
function isAbort(error: unknown, { reason }: AbortSignal): boolean {
  return error === reason || (error instanceof Error && error.name === 'AbortError');
}
