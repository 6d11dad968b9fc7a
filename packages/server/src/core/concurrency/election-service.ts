import { decodeMessage, etcd } from '@quorate/schema';
import type { CallContext, StreamMethod, UnaryDone, UnaryMethod } from '../method.ts';
import { malformedRequest } from '../rpc-error.ts';
import type { ServiceContext } from '../service-context.ts';
import { Candidacy } from './candidacy.ts';
import { type LocalCalls, madeAt, unknown } from './local-calls.ts';
import { observation } from './observation.ts';
import { firstMade, prefixOf } from './queue-keys.ts';
import { sessionLease } from './session-lease.ts';
import { asStream } from './waiting-method.ts';

const missingLeaderKey = unknown('"leader" field must be provided');
const noLeader = unknown('election: no leader');
const notLeader = unknown('election: not leader');

/** Elections in which the server waits in a candidate's place. */
export class ElectionService {
  readonly #context: Pick<ServiceContext, 'answer' | 'encode'>;
  readonly #calls: LocalCalls;

  constructor(context: Pick<ServiceContext, 'answer' | 'encode'>, calls: LocalCalls) {
    this.#context = context;
    this.#calls = calls;
  }

  methods(): [path: string, method: UnaryMethod][] {
    const service = '/v3electionpb.Election';
    return [
      [`${service}/Proclaim`, (request, done, call) => this.#proclaim(request, done, call)],
      [`${service}/Leader`, (request, done, call) => this.#leader(request, done, call)],
      [`${service}/Resign`, (request, done, call) => this.#resign(request, done, call)],
    ];
  }

  streams(): [path: string, method: StreamMethod][] {
    const campaign = asStream((request, done, call) => this.#campaign(request, done, call));
    return [
      ['/v3electionpb.Election/Campaign', campaign],
      ['/v3electionpb.Election/Observe', observation(this.#context, this.#calls)],
    ];
  }

  #campaign(request: Uint8Array, done: UnaryDone, call: CallContext): () => void {
    const wire = decodeMessage(etcd.CampaignRequest, request);
    if (wire === null) {
      done(malformedRequest, null);
      return () => undefined;
    }
    const { name, value } = wire;
    const calls = this.#calls;
    const candidacy = new Candidacy({
      calls,
      call,
      prefix: prefixOf(name),
      value,
      done: (error, { key, lease, createRevision: rev, revision }) => {
        const leader = { name, key, rev, lease };
        if (error !== null) done(error, null);
        else this.#context.answer(etcd.CampaignResponse, { leader }, revision, done);
      },
    });
    candidacy.begin(wire.lease);
    return () => candidacy.cancel();
  }

  #proclaim(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.ProclaimRequest, request);
    if (wire === null || wire.leader === null) {
      done(wire === null ? malformedRequest : missingLeaderKey, null);
      return;
    }
    const { leader, value } = wire;
    const { key, rev } = leader;
    const calls = this.#calls;
    sessionLease(calls, call, leader.lease, (failed, lease) => {
      if (failed !== null) {
        done(failed, null);
        return;
      }
      const success = [{ requestPut: { key, value, lease: lease ?? 0n } }];
      calls.txn(call, { compare: [madeAt(key, rev)], success }, (error, answer) => {
        if (error !== null) done(error, null);
        else if (answer?.succeeded !== true) done(notLeader, null);
        else this.#context.answer(etcd.ProclaimResponse, {}, answer.header?.revision ?? 0, done);
      });
    });
  }

  #leader(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.LeaderRequest, request);
    if (wire === null) {
      done(malformedRequest, null);
      return;
    }
    this.#calls.range(call, firstMade(prefixOf(wire.name)), (error, answer) => {
      const kv = answer?.kvs[0];
      if (error !== null) done(error, null);
      else if (kv === undefined) done(noLeader, null);
      else this.#context.answer(etcd.LeaderResponse, { kv }, answer?.header?.revision ?? 0, done);
    });
  }

  #resign(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.ResignRequest, request);
    if (wire === null || wire.leader === null) {
      done(wire === null ? malformedRequest : missingLeaderKey, null);
      return;
    }
    const { key, rev } = wire.leader;
    this.#calls.withdraw(call, key, rev, (error, answer) => {
      if (error !== null) done(error, null);
      else this.#context.answer(etcd.ResignResponse, {}, answer?.header?.revision ?? 0, done);
    });
  }
}
