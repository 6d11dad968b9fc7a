import type { Canary } from './canary.ts';

/** Watches: every change once, in order, whatever happens to their node. */
export const watchCanaries: readonly Canary[] = [
  {
    name: 'in-step-too-early',
    why: 'a watch joins those that follow new changes before it is through with the old ones',
    file: 'server/src/core/watch/watch-hub.ts',
    find: 'if (this.#pass.position >= this.#inStep.position) this.#endPass();',
    replace: 'this.#endPass();',
  },
  {
    name: 'slow-reader-misses-a-change',
    why: 'what comes while a reader is too slow is left out, and it goes on with what is newer',
    file: 'server/src/core/watch/watch-hub.ts',
    find: 'watcher.next = revision;',
    replace: 'watcher.next = this.#inStep.position + 1;',
  },
];
