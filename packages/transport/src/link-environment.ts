import type { Checksum, Clock, Network, Prng, Timers } from '@quorate/base';
import type { EncodedEntries } from '@quorate/schema';
import type { Identity } from './handshake.ts';
import type { LimitedLog } from './limited-log.ts';
import type { TransportLimits } from './limits.ts';

/** What every link of one process shares. */
export interface LinkEnvironment {
  readonly network: Network;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly checksum: Checksum;
  /** Draws the jitter of reconnections, nothing that has to be secret. */
  readonly prng: Prng;
  readonly log: LimitedLog;
  readonly limits: TransportLimits;
  readonly self: Identity;
  /** Of what was sent last, by whichever link. */
  readonly encodedEntries: EncodedEntries;
}
