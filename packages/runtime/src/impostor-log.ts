import type { Logger } from '@quorate/base';
import type { NodeId } from '@quorate/schema';

/** It greets anew every second or so for as long as it runs. */
const intervalMs = 60_000;

/** Tells of nodes that go by a member's id and have other data than that member has. */
export class ImpostorLog {
  readonly #group: string;
  readonly #logger: Logger;
  readonly #toldMs = new Map<NodeId, number>();

  constructor(group: string, logger: Logger) {
    this.#group = group;
    this.#logger = logger;
  }

  seen(peer: NodeId, nowMs: number): void {
    const toldMs = this.#toldMs.get(peer) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - toldMs < intervalMs) return;
    this.#toldMs.set(peer, nowMs);
    this.#logger.warn('peer has other data than the member of its id', {
      group: this.#group,
      peer,
      advice:
        'if that member lost its data, remove it from the group and add it again; if two nodes ' +
        'run under this id, give one of them another',
    });
  }
}
