import type { Ports } from '@quorate/base';
import { createMemoryLogStore, createMemorySnapshotStore } from '@quorate/storage';
import type { HostStorage } from './host.ts';

/** Keeps everything in this process: a node that starts anew has lost its data, and says so. */
export function memoryStorage({ timers, crypto }: Pick<Ports, 'timers' | 'crypto'>): HostStorage {
  const drawn = crypto.randomBytes(6).reduce((number, byte) => number * 256 + byte, 0);
  return {
    logStore: createMemoryLogStore({ timers }),
    snapshotStore: createMemorySnapshotStore({ timers }),
    incarnation: Math.max(1, drawn),
  };
}
