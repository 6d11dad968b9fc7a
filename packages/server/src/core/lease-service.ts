import { present } from '@quorate/base';
import { encodeCommand, type LeaseCommand, LeaseTicker, validate } from '@quorate/kv';
import { decodeMessage, etcd } from '@quorate/schema';
import { rpcErrorOfAuth } from './auth/auth-errors.ts';
import { withTrace } from './command-trace.ts';
import { keyValueCommand } from './etcd-command.ts';
import type { EtcdResult } from './etcd-state-machine.ts';
import { KeepAliveStream } from './keep-alive-stream.ts';
import { LeaseKeepAlives } from './lease-keep-alives.ts';
import type {
  CallContext,
  StreamCall,
  StreamListener,
  StreamMethod,
  UnaryDone,
  UnaryMethod,
} from './method.ts';
import { malformedRequest } from './rpc-error.ts';
import { rpcErrorOfRuntime } from './runtime-failure.ts';
import type { ServiceContext } from './service-context.ts';
import { malformedCommand, rpcErrorOfRefusal } from './to-wire.ts';

/** Beside two elections, what the renewal of a lease may take; as in etcd. */
const requestMs = 5000;

const unknownTtl = -1;

/** Where none is declared. */
const usualClockDrift = 0.01;

/** Leases: everything goes through the log, and is read from a state that is up to date. */
export class LeaseService {
  readonly #context: ServiceContext;
  /** A lease must outlive an election; whoever asks for less gets this. */
  readonly #minTtlSeconds: number;
  readonly #keepAlives: LeaseKeepAlives;
  readonly #ticker: LeaseTicker;

  constructor(context: ServiceContext) {
    const { group, clock, timers, store, tuning, maxCommandBytes } = context.options;
    this.#context = context;
    this.#minTtlSeconds = Math.ceil((1.5 * tuning.electionTimeoutMs) / 1000);
    const timeoutMs = requestMs + 2 * tuning.electionTimeoutMs;
    this.#keepAlives = new LeaseKeepAlives({ group, clock, timers, maxCommandBytes, timeoutMs });
    this.#ticker = new LeaseTicker({
      store,
      clock,
      timers,
      maxClockDrift: tuning.maxClockDrift ?? usualClockDrift,
      propose: (command, done) =>
        group.propose(keyValueCommand(command), (error) => done(error === null)),
    });
    this.#ticker.leadershipChanged(context.leadership.role === 'leader');
    group.onLeadership(({ role }) => this.#ticker.leadershipChanged(role === 'leader'));
  }

  methods(): [path: string, method: UnaryMethod][] {
    const service = '/etcdserverpb.Lease';
    return [
      [`${service}/LeaseGrant`, (request, done, call) => this.#grant(request, done, call)],
      [`${service}/LeaseRevoke`, (request, done, call) => this.#revoke(request, done, call)],
      [`${service}/LeaseTimeToLive`, (request, done, call) => this.#left(request, done, call)],
      [`${service}/LeaseLeases`, (request, done, call) => this.#leases(request, done, call)],
    ];
  }

  streams(): [path: string, method: StreamMethod][] {
    return [['/etcdserverpb.Lease/LeaseKeepAlive', (call) => this.#keepAlive(call)]];
  }

  /** Lets lease time stand still, as far as this member makes it pass. */
  stop(): void {
    this.#ticker.stop();
  }

  #grant(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.LeaseGrantRequest, request);
    if (wire === null) {
      done(malformedRequest, null);
      return;
    }
    const ttlSeconds = Math.max(this.#minTtlSeconds, wire.TTL);
    this.#propose({ kind: 'leaseGrant', id: wire.ID, ttlSeconds }, done, call);
  }

  #revoke(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.LeaseRevokeRequest, request);
    if (wire === null) done(malformedRequest, null);
    else this.#propose({ kind: 'leaseRevoke', id: wire.ID }, done, call);
  }

  #left(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.LeaseTimeToLiveRequest, request);
    if (wire === null) {
      done(malformedRequest, null);
      return;
    }
    const { guard } = this.#context;
    this.#context.linearizable(done, () => {
      const refusal = wire.keys ? guard.leaseKeysRefusal(call, [wire.ID]) : guard.userRefusal(call);
      if (refusal !== null) done(refusal, null);
      else this.#answerTimeToLive(wire, done);
    });
  }

  #answerTimeToLive({ ID, keys: isWithKeys }: etcd.LeaseTimeToLiveRequest, done: UnaryDone): void {
    const { store } = this.#context;
    const { revision } = store.stats;
    const lease = store.lease(ID);
    if (lease === undefined) {
      const gone = { ID, TTL: unknownTtl };
      this.#context.answer(etcd.LeaseTimeToLiveResponse, gone, revision, done);
      return;
    }
    const { ttlSeconds: grantedTTL, leftMs } = lease;
    const leftSeconds =
      leftMs === null ? grantedTTL : Math.floor((leftMs - this.#ticker.sinceTickMs) / 1000);
    const keys = isWithKeys ? store.keysOfLease(ID) : [];
    const answer = { ID, TTL: Math.max(0, leftSeconds), grantedTTL, keys };
    this.#context.answer(etcd.LeaseTimeToLiveResponse, answer, revision, done);
  }

  #leases(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    if (decodeMessage(etcd.LeaseLeasesRequest, request) === null) {
      done(malformedRequest, null);
      return;
    }
    const { store, guard } = this.#context;
    this.#context.linearizable(done, () => {
      const ids = store.leases();
      const refusal = guard.leaseKeysRefusal(call, ids);
      if (refusal !== null) {
        done(refusal, null);
        return;
      }
      const leases = ids.map((ID) => ({ ID }));
      this.#context.answer(etcd.LeaseLeasesResponse, { leases }, store.stats.revision, done);
    });
  }

  #keepAlive(call: StreamCall): StreamListener {
    return new KeepAliveStream(call, this.#keepAlives, this.#context);
  }

  #propose(command: LeaseCommand, done: UnaryDone, call: CallContext): void {
    const { guard, group } = this.#context;
    const invalid = validate(command);
    const refusal =
      guard.commandRefusal(call, command) ?? (invalid === null ? null : rpcErrorOfRefusal(invalid));
    if (refusal !== null) {
      done(refusal, null);
      return;
    }
    const logged = guard.loggedCommand(call, command, encodeCommand(command));
    const noRoom = this.#context.quota.refusal(command, logged.length);
    if (noRoom !== null) {
      done(noRoom, null);
      return;
    }
    const { maxCommandBytes } = this.#context.options;
    group.propose(withTrace(logged, call.trace, maxCommandBytes), (error, applied) => {
      if (error !== null) done(rpcErrorOfRuntime(error), null);
      else this.#answerApplied(present(applied, 'what did not fail was applied').result, done);
    });
  }

  #answerApplied(result: EtcdResult, done: UnaryDone): void {
    const context = this.#context;
    switch (result.kind) {
      case 'leaseGrant': {
        const { id: ID, ttlSeconds: TTL, revision } = result;
        return context.answer(etcd.LeaseGrantResponse, { ID, TTL }, revision, done);
      }
      case 'leaseRevoke':
        return context.answer(etcd.LeaseRevokeResponse, {}, result.revision, done);
      case 'refused':
        return done(rpcErrorOfRefusal(result.refusal), null);
      case 'authRefused':
        return done(rpcErrorOfAuth(result.refusal), null);
      default:
        return done(malformedCommand, null);
    }
  }
}
