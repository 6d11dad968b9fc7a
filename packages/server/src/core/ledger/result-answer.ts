import type { Init, ledger } from '@quorate/schema';
import type { LedgerResult } from './ledger-group.ts';
import { type LedgerRefusal, malformed, refusals } from './ledger-refusal.ts';

/** What a stream answers to what was applied. */
type ResultAnswer = Omit<Init<ledger.BatchesAnswer>, 'number'> | LedgerRefusal;

/** @returns the body of an answer, or a refusal */
export function answerOfResult(result: LedgerResult): ResultAnswer {
  switch (result.kind) {
    case 'applied': {
      const answer = result.result;
      if (answer.kind === 'refused') return malformed(answer.reason);
      return { results: answer.encoded() };
    }
    case 'sessionOpened': {
      const { session, ttlMs, maxWindow } = result;
      return { sessionOpened: { session, ttlMs, maxWindow } };
    }
    case 'keptAlive':
      return result.expired.length === 0 ? { keptAlive: {} } : refusals.sessionExpired;
    case 'sessionClosed':
      return { sessionClosed: {} };
    case 'sessionExpired':
      return refusals.sessionExpired;
    case 'windowFull':
      return refusals.windowFull;
    case 'tooManySessions':
      return refusals.tooManySessions;
    case 'answerForgotten':
    // Only a client that has acknowledged the answer is told so, and then by mistake.
    case 'stale':
      return refusals.answerForgotten;
    case 'malformed':
      return malformed(result.reason);
    // Nobody asks for these through a stream.
    case 'ticked':
    case 'limitsSet':
      return refusals.unknown;
  }
}
