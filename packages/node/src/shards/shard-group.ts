import type { Host, ReachedDone } from '@quorate/host';
import type { SessionResult } from '@quorate/runtime';
import type { GroupId } from '@quorate/schema';
import { checkReadOptions } from '../embed/call-options.ts';
import { type GroupParts, type GroupReplica, RunningGroup } from '../embed/group.ts';
import type { ReadOptions } from '../embed/node.ts';
import { abortable, maxStalenessOf } from '../embed/reading.ts';
import { NodeError } from '../node-error.ts';
import { queryCodec } from './shard-service.ts';

export interface ShardGroupParts extends Omit<GroupParts, 'host' | 'replica'> {
  readonly host: Host;
  readonly shard: number;
}

/** A group that answers on every node, whether the node has a replica of it or not. */
export class ShardGroup extends RunningGroup {
  readonly #parts: ShardGroupParts;

  constructor(parts: ShardGroupParts) {
    super({ ...parts, replica: routed(parts.host, parts.id) });
    this.#parts = parts;
  }

  override async read(what: unknown, options: ReadOptions = {}): Promise<unknown> {
    checkReadOptions(options);
    const { host, id, shard } = this.#parts;
    const reached = host.reach(id);
    const { consistency = 'linearizable', minIndex = 0, signal } = options;
    const isVoter = this.status().configuration.voters.includes(host.nodeId);
    const isOfHere = typeof what === 'function' || consistency === 'local';
    const isHere = isOfHere ? isVoter : reached.place === 'here';
    if (isHere) return super.read(what, options);
    if (typeof what === 'function') {
      const message =
        `shard ${shard} has no replica on this node, and a function cannot be sent to one: ` +
        'read by a query, or on a node that placement() names';
      throw new NodeError('NODE_SHARD_ELSEWHERE', message, { shard });
    }
    signal?.throwIfAborted();
    const maxStalenessMs = consistency === 'bounded' ? maxStalenessOf(options) : 0;
    return abortable(
      signal,
      (reason) => reason,
      (fulfil, reject) => {
        const asked = { consistency, maxStalenessMs, minIndex };
        reached.query(queryCodec.encode(what), asked, (error, answer) => {
          try {
            if (answer === null) reject(error);
            else fulfil(queryCodec.decode(answer));
          } catch (unreadable) {
            reject(unreadable);
          }
        });
      },
    );
  }
}

/** The replica here, but that proposals go to wherever the group is. */
function routed(host: Host, id: GroupId): GroupReplica {
  const handle = host.group<SessionResult<unknown>>(id);
  const reached = host.reach(id);
  return {
    propose: (command, done, options) => {
      // Whoever opened the group gave the state machine whose results these are; and an answer
      // that was lost is no error of the runtime, but nobody here tells them apart by type.
      reached.propose(command, done as ReachedDone, options);
    },
    readBarrier: (done, options) => reached.readBarrier(done, options),
    leaseRead: (read) => handle.leaseRead(read),
    status: () => handle.status(),
    onLeadership: (listener) => handle.onLeadership(listener),
  };
}
