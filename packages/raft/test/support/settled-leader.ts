import { Prng } from '@quorate/base';
import type { Configuration } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';
import { startElection } from '../../src/election/campaign.ts';
import { becomeLeader } from '../../src/election/transitions.ts';
import { bootstrapState, type RaftOptions } from '../../src/options.ts';
import { Replica } from '../../src/replica.ts';
import type { Progress } from '../../src/replication/progress.ts';
import type { LeaderState } from '../../src/role.ts';
import { electionTimeoutMs, heartbeatIntervalMs } from './cluster.ts';

/** For tests of a single rule, which reach into the state that it looks at. */
export interface SettledLeader {
  readonly replica: Replica;
  readonly role: LeaderState;
}

/** Of node 1. */
export function optionsOf(own: Partial<RaftOptions> = {}): RaftOptions {
  return {
    nodeId: 1,
    heartbeatIntervalMs,
    electionTimeoutMs,
    maxClockDrift: 0.01,
    incarnation: 0,
    maxMessageBytes: 64 * 1024,
    maxInflightMessages: 16,
    maxInflightBytes: 1024 * 1024,
    maxUncommittedBytes: 1024 * 1024,
    maxApplyBytes: 1024 * 1024,
    prng: new Prng(1),
    ...own,
  };
}

/** Replica 1 of a new group, as it starts. */
export function newReplica(
  configuration: Configuration = majorityConfiguration([1, 2, 3]),
  own?: Partial<RaftOptions>,
): Replica {
  return new Replica(optionsOf(own), bootstrapState(configuration), 0);
}

/** Replica 1 leads term 1, and every other member has all of its log and knows it. */
export function settledLeader(
  configuration?: Configuration,
  own?: Partial<RaftOptions>,
): SettledLeader {
  const replica = newReplica(configuration, own);
  startElection(replica, false);
  becomeLeader(replica);
  const { role } = replica;
  if (role.kind !== 'leader') throw new Error('it was made leader');
  persistAll(replica);
  for (const progress of role.progress.values()) {
    progress.becomeReplicate();
    hasEverything(replica, progress);
    progress.heardOfLife(7, 0);
  }
  replica.commitTo(replica.log.lastIndex);
  for (const { index } of replica.takeCommitted()) replica.appliedIndex = index;
  replica.outbox.take();
  return { replica, role };
}

/** The disk has all that was handed to it. */
export function persistAll(replica: Replica): void {
  for (let write = replica.takeWrite(); write !== null; write = replica.takeWrite()) {
    replica.durability.persisted(write.id);
  }
}

export function hasEverything(replica: Replica, progress: Progress): void {
  const { lastIndex } = replica.log;
  progress.acknowledged(lastIndex, replica.nowMs);
  progress.sentCommitIndex = lastIndex;
}

export function progressOf(role: LeaderState, id: number): Progress {
  const progress = role.progress.get(id);
  if (progress === undefined) throw new Error(`the leader does not know node ${id}`);
  return progress;
}
