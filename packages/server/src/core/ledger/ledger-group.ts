import type { LedgerAnswer } from '@quorate/ledger';
import type { GroupHandle, SessionResult } from '@quorate/runtime';

/** What a command of the group is answered. */
export type LedgerResult = SessionResult<LedgerAnswer>;

/** What the ledger's service asks of the group it serves. */
export type LedgerGroup = Pick<
  GroupHandle<LedgerResult>,
  'propose' | 'readBarrier' | 'status' | 'onLeadership'
>;
