import { maxToken } from './core/election-bytes.ts';
import { ElectionError } from './core/election-error.ts';
import { refuse, shown } from './refuse-option.ts';

/** Of `createFence`. */
export interface FenceOptions {
  /** The newest that the resource has seen, as it keeps it. Left out: none. */
  readonly token?: bigint;
}

/** At a protected resource: whatever comes with an older token than the newest is refused. */
export interface Fence {
  /** 0: none has passed. */
  readonly newest: bigint;
  /**
   * Lets it pass, and from now on nothing older. Ask in the same turn in which it is acted on.
   *
   * @returns whether it is newer than all before: then keep it with what it changes, in one write
   * @throws ElectionError ELECTION_TOKEN_STALE, ELECTION_OPTIONS_INVALID when it is no token
   */
  pass(token: bigint): boolean;
}

/**
 * Guards a resource against leaders that have been replaced and do not know it yet: after a pause,
 * or because a message was late. Every request carries its leader's `token`.
 *
 * It is in memory. A resource that outlives the process keeps the newest token with its data, and
 * gives it here when it starts; a database compares by itself, in the statement that writes.
 *
 * @throws ElectionError ELECTION_OPTIONS_INVALID
 */
export function createFence({ token = 0n }: FenceOptions = {}): Fence {
  checkToken(token, 0n);
  let newest = token;
  return {
    get newest() {
      return newest;
    },
    pass(given) {
      checkToken(given, 1n);
      if (given < newest) {
        const message =
          `token ${given} is older than ${newest}, which has been here: another node leads; ` +
          'refuse what came with it';
        const metadata = { token: given, newest };
        throw new ElectionError('ELECTION_TOKEN_STALE', message, metadata);
      }
      const isNewer = given > newest;
      newest = given;
      return isNewer;
    },
  };
}

function checkToken(token: unknown, lowest: bigint): void {
  if (typeof token === 'bigint' && token >= lowest && token <= maxToken) return;
  refuse('token', `is ${shown(token)}`, `give a bigint from ${lowest} to 2^64 - 1`);
}
