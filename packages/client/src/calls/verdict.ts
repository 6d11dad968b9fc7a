import { status } from '@grpc/grpc-js';

/**
 * What may be done after an answer that is an error. `token`: with another token it may go well.
 * `next`: nothing was done, or doing it again does no harm; another server, or this one later, may
 * do it. `open`: a write may have happened. `refused`: nothing was done, and nothing will be.
 */
export type Verdict = 'token' | 'next' | 'open' | 'refused';

/** How a server that took nothing in says so, although its code leaves that open. */
const notTaken: ReadonlySet<string> = new Set([
  'etcdserver: no leader',
  'etcdserver: too many requests',
  'etcdserver: rpc not supported for learner',
]);

/** Said before anything was proposed, and by every server, although the code leaves it open. */
const neverProposed: ReadonlySet<string> = new Set([
  'etcdserver: unhealthy cluster',
  'etcdserver: re-configuration failed due to not enough started members',
]);

const tokenRefused: ReadonlySet<string> = new Set([
  'etcdserver: invalid auth token',
  'etcdserver: revision of auth store is old',
  // There was no token when authentication was switched on.
  'etcdserver: user name is empty',
]);

/** After these a write may have happened all the same. */
const openCodes: ReadonlySet<number> = new Set<number>([
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNAVAILABLE,
]);

/** Another server may well answer what this one could not. */
const movesOn: ReadonlySet<number> = new Set<number>([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  // How a connection that breaks in the middle of an answer ends calls.
  status.INTERNAL,
  status.CANCELLED,
]);

/** A stream that ends so would end so again. */
const endsForGood: ReadonlySet<number> = new Set<number>([
  status.INVALID_ARGUMENT,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.UNIMPLEMENTED,
]);

/** @returns whether `reason` says that the token of the call is none, or no longer one */
export function isTokenRefused(reason: string): boolean {
  return tokenRefused.has(reason);
}

/** @param mayRepeat doing it twice is as good as once */
export function verdictOfCall(code: number, reason: string, mayRepeat: boolean): Verdict {
  if (tokenRefused.has(reason)) return 'token';
  if (notTaken.has(reason)) return 'next';
  if (neverProposed.has(reason)) return 'refused';
  if (mayRepeat) return movesOn.has(code) ? 'next' : 'refused';
  return openCodes.has(code) ? 'open' : 'refused';
}

/** A stream that has ended is never `open`: whoever uses it knows how to go on. */
export function verdictOfStream(code: number, reason: string): Exclude<Verdict, 'open'> {
  if (tokenRefused.has(reason)) return 'token';
  return endsForGood.has(code) ? 'refused' : 'next';
}
