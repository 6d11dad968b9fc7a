import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a session measures with; tests bring their own. */
export interface FuzzEnvironment {
  nowMs(): number;
  /** Processor time of this thread: what a busy machine cannot make longer. */
  processorMs(): number;
  /** Bytes in use, garbage included: grows by what is allocated until the next collection. */
  usedBytes(): number;
  collectGarbage(): void;
}

/** The clock and the heap of this thread. */
export function realEnvironment(): FuzzEnvironment {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('V8 does not hand out its collector');
  return {
    nowMs: () => performance.now(),
    processorMs: () => {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1000;
    },
    usedBytes: () => {
      const { used_heap_size: heapBytes, external_memory: externalBytes } = getHeapStatistics();
      return heapBytes + externalBytes;
    },
    // The first frees the objects, the second what they held outside of V8's heap.
    collectGarbage: () => {
      collect();
      collect();
    },
  };
}
