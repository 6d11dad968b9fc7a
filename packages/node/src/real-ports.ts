import type { Logger, Network, Ports } from '@quorate/base';
import { checksum, systemCrypto, zstdCodec } from './computation.ts';
import type { RealFileSystem } from './disk/file-system.ts';
import { createFileSystem } from './disk/file-system.ts';
import { createNetwork } from './network/network.ts';
import type { RealMetrics } from './observe/metrics.ts';
import { createMetrics } from './observe/metrics.ts';
import { createClock } from './time/clock.ts';
import { timers } from './time/timers.ts';

/** The ports on this machine, with what is only theirs. */
export interface RealPorts extends Ports {
  readonly fileSystem: RealFileSystem;
  readonly metrics: RealMetrics;
}

/** For what keeps nothing on a disk: no thread, then, that waits for one. */
export type DisklessPorts = Omit<RealPorts, 'fileSystem'>;

/** @param network left out: TCP */
export function createDisklessPorts(
  logger: Logger,
  network: (logger: Logger) => Network = createNetwork,
): DisklessPorts {
  return {
    clock: createClock(),
    timers,
    network: network(logger),
    logger,
    metrics: createMetrics(),
    checksum,
    codec: zstdCodec,
    crypto: systemCrypto,
  };
}

/**
 * @param root absolute; what relative paths are relative to
 * @param network left out: TCP
 */
export function createRealPorts(
  root: string,
  logger: Logger,
  network?: (logger: Logger) => Network,
): RealPorts {
  return { ...createDisklessPorts(logger, network), fileSystem: createFileSystem(root) };
}
