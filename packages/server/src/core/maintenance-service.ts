import type { History } from '@quorate/kv';
import { decodeMessage, etcd, type NodeId } from '@quorate/schema';
import { clusterVersionOf } from './api-release.ts';
import { alarmCommand } from './etcd-command.ts';
import { withRecord } from './hash-kv.ts';
import { apiIdOf, nodeOfApiId } from './member-id.ts';
import type { CallContext, UnaryDone, UnaryMethod } from './method.ts';
import { malformedRequest, type RpcError, rpcErrors } from './rpc-error.ts';
import { rpcErrorOfRuntime } from './runtime-failure.ts';
import type { ServiceContext } from './service-context.ts';

const alarmNames: Readonly<Record<number, string>> = {
  [etcd.AlarmType.NOSPACE]: 'NOSPACE',
  [etcd.AlarmType.CORRUPT]: 'CORRUPT',
};

const noBytes = new Uint8Array(0);

/** As much is summed between two turns of others. */
const sliceBytes = 1024 * 1024;

/** What one member says of itself, and what an operator asks of it. */
export class MaintenanceService {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  methods(): [path: string, method: UnaryMethod][] {
    const service = '/etcdserverpb.Maintenance';
    return [
      [`${service}/Status`, (request, done, call) => this.#status(request, done, call)],
      [`${service}/Alarm`, (request, done, call) => this.#alarm(request, done, call)],
      [`${service}/Defragment`, (request, done, call) => this.#defragment(request, done, call)],
      [`${service}/Hash`, (request, done, call) => this.#hash(request, done, call)],
      [`${service}/HashKV`, (request, done, call) => this.#hashKv(request, done, call)],
      [`${service}/MoveLeader`, (request, done, call) => this.#moveLeader(request, done, call)],
    ];
  }

  #status(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const isWellFormed = decodeMessage(etcd.StatusRequest, request) !== null;
    const refusal = isWellFormed ? this.#context.guard.userRefusal(call) : malformedRequest;
    if (refusal !== null) {
      done(refusal, null);
      return;
    }
    const { group, store, options } = this.#context;
    const { revision, bytes, bytesInUse } = store.stats;
    const { leader, commitIndex, term, appliedIndex, configuration, node } = group.status();
    const alarms = options.machine.alarms.all.map(
      ({ member, type }) => `memberID:${member} alarm:${alarmNames[type]} `,
    );
    const answer = {
      version: options.version,
      dbSize: bytes,
      dbSizeInUse: bytesInUse,
      leader: apiIdOf(leader),
      raftIndex: commitIndex,
      raftTerm: term,
      raftAppliedIndex: appliedIndex,
      errors: [...(leader === 0 ? ['etcdserver: no leader'] : []), ...alarms],
      isLearner: configuration.learners.includes(node),
      storageVersion: clusterVersionOf(options.version),
      dbSizeQuota: options.quotaBytes,
      downgradeInfo: {},
    };
    this.#context.answer(etcd.StatusResponse, answer, revision, done);
  }

  #alarm(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.AlarmRequest, request);
    if (wire === null) {
      done(malformedRequest, null);
      return;
    }
    const { GET, ACTIVATE, DEACTIVATE } = etcd.AlarmRequestAlarmAction;
    const { guard } = this.#context;
    const isAsked = wire.action === GET;
    const refusal = isAsked ? guard.userRefusal(call) : guard.adminRefusal(call);
    const isChange = wire.action === ACTIVATE || wire.action === DEACTIVATE;
    const isKnown = alarmNames[wire.alarm] !== undefined;
    if (refusal !== null) done(refusal, null);
    else if (isChange && isKnown) this.#changeAlarm(wire, done);
    else if (isAsked) {
      const { alarms } = this.#context.options.machine;
      const wanted = alarms.all.filter(({ member, type }) => {
        const isMember = wire.memberID === 0n || wire.memberID === member;
        return isMember && (wire.alarm === etcd.AlarmType.NONE || wire.alarm === type);
      });
      this.#answerAlarms(wanted, done);
    } else this.#answerAlarms([], done);
  }

  #changeAlarm({ action, memberID, alarm: type }: etcd.AlarmRequest, done: UnaryDone): void {
    const alarm = { member: memberID, type };
    const isRaised = action === etcd.AlarmRequestAlarmAction.ACTIVATE;
    const command = alarmCommand(isRaised ? 'raise' : 'disarm', alarm);
    this.#context.group.propose(command, (error) => {
      if (error === null) this.#answerAlarms([alarm], done);
      else done(rpcErrorOfRuntime(error), null);
    });
  }

  #answerAlarms(alarms: readonly { member: bigint; type: number }[], done: UnaryDone): void {
    const members = alarms.map(({ member, type }) => ({ memberID: member, alarm: type }));
    const { revision } = this.#context.store.stats;
    this.#context.answer(etcd.AlarmResponse, { alarms: members }, revision, done);
  }

  /** Room that became free is used again without anybody's asking: this only waits for that. */
  #defragment(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const isWellFormed = decodeMessage(etcd.DefragmentRequest, request) !== null;
    const refusal = isWellFormed ? this.#context.guard.adminRefusal(call) : malformedRequest;
    if (refusal === null) this.#context.sweeper.whenSwept(() => done(null, noBytes));
    else done(refusal, null);
  }

  #hash(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const isWellFormed = decodeMessage(etcd.HashRequest, request) !== null;
    const refusal = isWellFormed ? this.#context.guard.adminRefusal(call) : malformedRequest;
    if (refusal !== null) {
      done(refusal, null);
      return;
    }
    const { store } = this.#context;
    this.#context.answer(etcd.HashResponse, { hash: store.hash() }, store.stats.revision, done);
  }

  #hashKv(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.HashKVRequest, request);
    const { store, guard } = this.#context;
    const refusal = wire === null ? malformedRequest : guard.adminRefusal(call);
    if (refusal !== null || wire === null) {
      done(refusal, null);
      return;
    }
    const { revision, compactedRevision } = store.stats;
    const upTo = wire.revision > 0 ? wire.revision : revision;
    if (upTo > revision) done(rpcErrors.futureRevision, null);
    else if (upTo < compactedRevision) done(rpcErrors.compacted, null);
    else {
      this.#sum(store.history(), upTo, (hash) => {
        // -1 when it never was, as clients of etcd are told.
        const answer = { hash, compactRevision: compactedRevision, hashRevision: upTo };
        this.#context.answer(etcd.HashKVResponse, answer, revision, done);
      });
    }
  }

  /** In slices: others have their turns in between. */
  #sum(history: History, upTo: number, done: (hash: number) => void): void {
    const records = history.records();
    let hash = 0;
    const slice = (): void => {
      // Not `for`: leaving it would end the generator.
      for (let bytes = 0; bytes < sliceBytes; ) {
        const { value: record, done: isLast } = records.next();
        if (record === null) break;
        if (isLast === true || record === undefined || record.revision > upTo) {
          history.release();
          done(hash);
          return;
        }
        hash = withRecord(hash, record, history.compactedRevision);
        bytes += record.key.length + (record.keyValue?.value.length ?? 0);
      }
      this.#context.options.timers.defer(slice);
    };
    slice();
  }

  #moveLeader(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.MoveLeaderRequest, request);
    const { group, guard } = this.#context;
    const refusal = wire === null ? malformedRequest : guard.adminRefusal(call);
    if (refusal !== null || wire === null) {
      done(refusal, null);
      return;
    }
    const to = nodeOfApiId(wire.targetID);
    const error = this.#transferRefusal(to);
    if (error !== null) done(error, null);
    else if (to === group.status().node) {
      // It has what it is to get.
      done(null, noBytes);
    } else {
      group.transferLeadership(to, (failed) => {
        if (failed === null) done(null, noBytes);
        else done(rpcErrorOfRuntime(failed), null);
      });
    }
  }

  #transferRefusal(to: NodeId): RpcError | null {
    const { role, configuration } = this.#context.group.status();
    if (role !== 'leader') return rpcErrors.notLeader;
    return configuration.voters.includes(to) ? null : rpcErrors.badLeaderTransferee;
  }
}
