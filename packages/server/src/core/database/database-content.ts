import type { KvStateMachine } from '@quorate/kv';
import type { GroupStatus } from '@quorate/runtime';
import type { EtcdStateMachine } from '../etcd-state-machine.ts';
import type { DatabaseContent } from './database-writer.ts';

/** A state that was taken hold of, so that it can be drawn as a file while the store goes on. */
export interface HeldContent extends DatabaseContent {
  readonly revision: number;
  /** To be called once: nothing is drawn any more. */
  release(): void;
}

/** What there is to take hold of. */
export interface ContentSource {
  readonly clusterId: bigint;
  readonly machine: EtcdStateMachine;
  /** The store inside `machine`. */
  readonly store: KvStateMachine;
  readonly group: { status(): Pick<GroupStatus, 'appliedIndex' | 'term'> };
}

/** The whole state as it is now, to be drawn any number of times until it is released. */
export function holdContent({ clusterId, machine, store, group }: ContentSource): HeldContent {
  const { appliedIndex, term } = group.status();
  const auth = machine.auth.table();
  const history = store.history();
  const leases = store.leases().flatMap((id) => {
    const lease = store.lease(id);
    return lease === undefined ? [] : [{ id, ttlSeconds: lease.ttlSeconds }];
  });
  return {
    clusterId: clusterId.toString(16).padStart(16, '0'),
    appliedIndex,
    term,
    revision: history.revision,
    compactedRevision: history.compactedRevision,
    records: () => history.records(),
    leases,
    auth: { ...auth, users: new Map(auth.users), roles: new Map(auth.roles) },
    alarms: machine.alarms.all,
    release: () => history.release(),
  };
}
