import type { Checksum, Codec, Crypto } from './computation.ts';
import type { FileSystem } from './file-system.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Network } from './network.ts';
import type { Clock, Timers } from './time.ts';

/**
 * Everything a node needs of the world. Only `node` (the real ones) and `sim` (the virtual ones)
 * construct it, so the code that ships is the code that is simulated.
 */
export interface Ports {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly fileSystem: FileSystem;
  readonly network: Network;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly checksum: Checksum;
  readonly codec: Codec;
  readonly crypto: Crypto;
}
