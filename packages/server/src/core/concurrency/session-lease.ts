import type { CallContext } from '../method.ts';
import type { LocalCalls, LocalDone } from './local-calls.ts';

/** Of the lease that is granted to who has none; nobody renews it. */
const ttlSeconds = 60;

/** @param lease 0n: one is granted */
export function sessionLease(
  calls: LocalCalls,
  call: CallContext,
  lease: bigint,
  done: LocalDone<bigint>,
): void {
  if (lease !== 0n) done(null, lease);
  else calls.grant(call, { TTL: ttlSeconds }, (error, answer) => done(error, answer?.ID ?? null));
}
