import type { Logger, Timer, Timers } from '@quorate/base';
import type { Host } from '@quorate/host';
import type { GroupId, NodeId } from '@quorate/schema';

export interface IdWatchParts {
  readonly host: Pick<Host, 'nodeId' | 'incarnation' | 'group' | 'survey'>;
  /** By name. */
  readonly groups: ReadonlyMap<string, GroupId>;
  readonly timers: Timers;
  readonly logger: Logger;
}

const firstAfterMs = 1500;
const againAfterMs = 15_000;

/**
 * Members neither answer nor refuse a node that goes by the id of one of them and has other data
 * (ADR 0021): all that it sees is that nobody leads. So it asks them.
 */
export class IdWatch {
  readonly #parts: IdWatchParts;
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(parts: IdWatchParts) {
    this.#parts = parts;
    this.#again(firstAfterMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #again(delayMs: number): void {
    if (this.#isClosed) return;
    this.#timer = this.#parts.timers.after(delayMs, () => this.#look());
  }

  #look(): void {
    const { host, groups } = this.#parts;
    const leaderless = [...groups].filter(([, id]) => host.group(id).status().leader === 0);
    if (leaderless.length === 0) {
      this.#again(againAfterMs);
      return;
    }
    host.survey(null, (survey) => {
      if (this.#isClosed) return;
      for (const [name, id] of leaderless) {
        const found = survey.groups.get(id)?.members.find((one) => one.id === host.nodeId);
        const recorded = found?.incarnation ?? 0;
        if (recorded !== 0 && recorded !== host.incarnation) {
          this.#tell(name, host.nodeId, found?.address ?? '');
        }
      }
      this.#again(againAfterMs);
    });
  }

  #tell(group: string, node: NodeId, address: string): void {
    this.#parts.logger.error('members know other data under the id of this node', {
      group,
      node,
      member: address,
      advice:
        'if another node runs under this id, give this one an id of its own; if this node lost ' +
        'its data, have it removed from the group and added again',
    });
  }
}
