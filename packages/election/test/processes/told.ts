/** What a candidate tells its parent, as it goes through the channel between processes. */
export interface Message {
  readonly id: number;
  readonly what: What;
  /** Decimal; '0': of no leadership. */
  readonly token: string;
  /**
   * By a clock that all processes of a machine share, in nanoseconds: when what is told began, and
   * when it had ended. Whatever was found out was true at some moment between.
   */
  readonly fromNs: string;
  readonly atNs: string;
  /** Of a leadership that is valid: until when nobody else may lead; else '0'. */
  readonly leaseUntilNs: string;
  /** Why a leadership was lost; else empty. */
  readonly reason: string;
}

/**
 * - `open`: the election is open; `fromNs` is before it was created.
 * - `elected`, `lost`: the events.
 * - `acts`: has looked, and acts. `acts late`: has looked, stood still, and acts.
 * - `stands`: has looked, and stands still from now on.
 * - `gives up`: others need not wait for the end of its lease.
 * - `does not lead`: so it cannot do what it was told.
 * - `still leads`, `leads no more`: what it found when it went on, in the same turn.
 */
export type What =
  | 'open'
  | 'elected'
  | 'lost'
  | 'acts'
  | 'acts late'
  | 'stands'
  | 'gives up'
  | 'does not lead'
  | 'still leads'
  | 'leads no more';

/** What a candidate is told to do. */
export type Command =
  /** Stop the process, and look when it goes on. */
  | { readonly kind: 'stop' }
  /** Stop the process between a look and the act. */
  | { readonly kind: 'act late' }
  /** Keep the event loop for so long, longer than any lease, and look at the end. */
  | { readonly kind: 'block'; readonly forMs: number }
  | { readonly kind: 'transfer' }
  | { readonly kind: 'resign' };

/** As the parent has it. */
export interface Told {
  readonly id: number;
  readonly what: What;
  readonly token: bigint;
  readonly fromNs: bigint;
  readonly atNs: bigint;
  readonly leaseUntilNs: bigint;
  readonly reason: string;
}

export function toldBy(message: Message): Told {
  const { id, what, token, fromNs, atNs, leaseUntilNs, reason } = message;
  return {
    id,
    what,
    token: BigInt(token),
    fromNs: BigInt(fromNs),
    atNs: BigInt(atNs),
    leaseUntilNs: BigInt(leaseUntilNs),
    reason,
  };
}
