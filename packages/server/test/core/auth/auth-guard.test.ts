import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import {
  EtcdService,
  type RpcError,
  type ServiceOptions,
  SimpleTokens,
  type StreamCall,
  type TokenGrant,
  type TokenProvider,
} from '@quorate/server/core';
import { AuthGuard } from '../../../src/core/auth/auth-guard.ts';
import { SettledMessages } from '../../../src/core/auth/settled-messages.ts';
import { servedGroupOf } from '../../../src/node-group.ts';
import { InProcessGroup } from '../../in-process-node.ts';
import { CalledService, text } from '../called-service.ts';
import { AuthCalls, PlainPasswords, randomFrom, refusalIn, ttlMs } from './auth-calls.ts';

const { READWRITE } = etcd.PermissionType;
const own = { permType: READWRITE, key: text('a') };
const old = 'revision of auth store is old';

/** Tokens that carry their auth revision, as signed ones do: `user@revision`. */
class PlainTokens implements TokenProvider {
  settled = 0;
  readonly #known = new Set<string>();

  nonce(): string {
    return '';
  }

  authenticated(): void {
    return undefined;
  }

  revoked(): void {
    return undefined;
  }

  issue({ user, authRevision }: TokenGrant, done: (token: string | null) => void): void {
    done(user === 'mute' ? null : `${user}@${authRevision}`);
  }

  find(token: string) {
    const [user = '', revision = ''] = token.split('@');
    return this.#known.has(token) ? { user, authRevision: Number(revision) } : null;
  }

  settle(token: string, _log: unknown, done: () => void): void {
    this.settled++;
    if (token.includes('@')) this.#known.add(token);
    setImmediate(done);
  }
}

test('a token of an old auth revision is good for administration, and not for keys', async () => {
  const tokens = new PlainTokens();
  const calls = await new AuthCalls({}, tokens).enabled({ alice: [own] });
  const alice = await calls.login('alice');
  const root = await calls.login('root');
  assert.match(alice, /^alice@[0-9]+$/);
  assert.equal(refusalIn(await calls.withToken(alice).put({ key: text('a') })), '');
  assert.equal(await calls.withToken(root).addRole('x'), '');
  assert.equal(await calls.addRole('y'), '');
  assert.equal(refusalIn(await calls.put({ key: text('a') })), old);
  assert.equal(refusalIn(await calls.withToken(alice).put({ key: text('a') })), old);
  assert.equal(refusalIn(await calls.range({ key: text('a') })), old);
  await calls.anonymous().as('alice');
  assert.equal(refusalIn(await calls.put({ key: text('a') })), '');
  assert.equal(
    refusalIn(await calls.withToken('junk').put({ key: text('a') })),
    'invalid auth token',
  );
});

/** Some calls about leases, with whatever token the others carry at that moment. */
function leaseCalls(calls: AuthCalls) {
  const streams = '/etcdserverpb.Lease/LeaseKeepAlive';
  return {
    grant: (ID: bigint) => {
      const { LeaseGrantRequest, LeaseGrantResponse } = etcd;
      return calls.said('Lease/LeaseGrant', LeaseGrantRequest, { ID, TTL: 60 }, LeaseGrantResponse);
    },
    revoke: (ID: bigint) => {
      const { LeaseRevokeRequest, LeaseRevokeResponse } = etcd;
      return calls.said('Lease/LeaseRevoke', LeaseRevokeRequest, { ID }, LeaseRevokeResponse);
    },
    keysOf: (ID: bigint) => {
      const { LeaseTimeToLiveRequest, LeaseTimeToLiveResponse } = etcd;
      const message = { ID, keys: true };
      return calls.said(
        'Lease/LeaseTimeToLive',
        LeaseTimeToLiveRequest,
        message,
        LeaseTimeToLiveResponse,
      );
    },
    list: () => {
      const { LeaseLeasesRequest, LeaseLeasesResponse } = etcd;
      return calls.said('Lease/LeaseLeases', LeaseLeasesRequest, {}, LeaseLeasesResponse);
    },
    /** Asks one stream for all of them, and tells the ids that were answered and how it ended. */
    renew: async (...ids: readonly bigint[]): Promise<readonly (bigint | string)[]> => {
      const told: (bigint | string)[] = [];
      const listener = calls.service.stream(streams)({
        context: calls.context,
        send: (bytes) => {
          told.push(decodeMessage(etcd.LeaseKeepAliveResponse, bytes)?.ID ?? '?');
          return true;
        },
        end: (error) => {
          told.push(refusalIn({ error }));
        },
      });
      for (const ID of ids) listener.message(encodeMessage(etcd.LeaseKeepAliveRequest, { ID }));
      listener.halfClosed();
      for (let turn = 0; turn < 3; turn++) await calls.time.advance(10);
      return told;
    },
  };
}

test('a token of an old auth revision is good for leases without keys', async () => {
  const calls = await new AuthCalls({}, new PlainTokens()).enabled({ alice: [own] });
  const root = await calls.login('root');
  await calls.as('alice');
  const leases = leaseCalls(calls);
  assert.equal(await leases.grant(1n), '');
  assert.equal(await leases.grant(2n), '');
  assert.equal(refusalIn(await calls.put({ key: text('a'), lease: 2n })), '');
  const { context } = calls;
  assert.equal(await calls.withToken(root).addUser({ name: 'bob', password: 'b' }), '');
  calls.context = context;
  assert.equal(await leases.grant(3n), '');
  assert.deepEqual(await leases.renew(1n, 3n), [1n, 3n, '']);
  assert.equal(await leases.keysOf(1n), '');
  assert.equal(await leases.revoke(1n), '');
  assert.equal(await leases.list(), old);
  assert.equal(await leases.keysOf(2n), old);
  assert.equal(await leases.revoke(2n), old);
  assert.deepEqual(await leases.renew(2n), [old]);
});

test("root's token of an old auth revision is good for all that asks for the role", async () => {
  const calls = await new AuthCalls({}, new PlainTokens()).enabled({ alice: [own] });
  await calls.as('root');
  const leases = leaseCalls(calls);
  await leases.grant(1n);
  assert.equal(refusalIn(await calls.put({ key: text('a'), lease: 1n })), '');
  assert.equal(await calls.addUser({ name: 'bob', password: 'b' }), '');
  assert.deepEqual(await leases.renew(1n), [1n, '']);
  assert.equal(await leases.keysOf(1n), '');
  assert.equal(await leases.list(), '');
  assert.equal(refusalIn(await calls.compact({ revision: 2 })), '');
  assert.equal(refusalIn(await calls.range({ key: text('a') })), old);
  assert.equal(refusalIn(await calls.put({ key: text('a') })), old);
  assert.equal(await leases.revoke(1n), '');
});

test('a renewal that is refused ends its stream once those before are answered', async () => {
  const calls = await new AuthCalls({}, new PlainTokens()).enabled({ alice: [own] });
  const root = await calls.login('root');
  await calls.as('alice');
  const { context } = calls;
  const leases = leaseCalls(calls);
  for (const id of [1n, 2n, 3n]) await leases.grant(id);
  await calls.withToken(root).put({ key: text('z'), lease: 2n });
  calls.context = context;
  assert.deepEqual(await leases.renew(1n, 2n, 3n), [1n, 'permission denied']);
});

test('a token is looked into once, and not at all while auth is off', async () => {
  const tokens = new PlainTokens();
  const calls = new AuthCalls({}, tokens);
  await calls.withToken('alice@1').put({ key: text('a') });
  assert.equal(tokens.settled, 0);
  await calls.anonymous().enabled({ alice: [own] });
  await calls.as('alice');
  for (let i = 0; i < 5; i++) await calls.put({ key: text('a') });
  assert.equal(tokens.settled, 1);
});

test('a member that can make no tokens says so', async () => {
  const calls = await new AuthCalls({}, new PlainTokens()).enabled({ mute: [] });
  await assert.rejects(calls.login('mute'), /token signing attempted with verify-only key/);
});

test('what is revoked while a proposal is under way is refused by the log', async () => {
  const calls = await new AuthCalls().enabled({ alice: [own] });
  const root = await calls.login('root');
  await calls.as('alice');
  let open: () => void = () => undefined;
  calls.group.gate = new Promise((resolve) => {
    open = resolve;
  });
  const put = calls.put({ key: text('a') });
  const { LeaseGrantRequest, LeaseGrantResponse } = etcd;
  const lease = calls.said('Lease/LeaseGrant', LeaseGrantRequest, { TTL: 5 }, LeaseGrantResponse);
  calls.group.gate = Promise.resolve();
  await calls.withToken(root).revoke({ role: 'role of alice', key: text('a') });
  open();
  assert.equal(refusalIn(await put), 'revision of auth store is old');
  assert.equal(await lease, 'revision of auth store is old');
});

/** A second member, which applies what it is sent only when it has to be up to date. */
class Follower {
  readonly group = new InProcessGroup();
  readonly behind: Uint8Array[] = [];
  readonly service: EtcdService;
  #index = 1;

  constructor(options: Partial<ServiceOptions>) {
    const { identity, membership, version, maxCommandBytes, tuning, clock, timers, crypto } =
      new CalledService().service.context.options;
    const tokenOptions = { clock, crypto: randomFrom(9), ttlMs };
    this.service = new EtcdService({
      identity,
      membership,
      version,
      maxCommandBytes,
      quotaBytes: 0,
      tuning,
      clock,
      timers,
      crypto,
      ...options,
      group: {
        ...servedGroupOf(this.group),
        status: () => {
          return { ...this.group.status(), appliedIndex: this.#index, lastIndex: 1 };
        },
        readBarrier: (done) => {
          this.catchUp();
          done(null, this.#index);
        },
      },
      machine: this.group.machine,
      store: this.group.store,
      auth: {
        tokens: new SimpleTokens({ ...tokenOptions, clock }),
        passwords: new PlainPasswords(),
      },
    });
  }

  catchUp(): void {
    for (const command of this.behind.splice(0)) {
      const index = ++this.#index;
      this.group.machine.apply([{ index, term: 1, timestampMicros: index, command }]);
    }
  }
}

test('a token of one member is good at another, which waits until it has heard of it', async () => {
  const calls = await new AuthCalls().enabled({ alice: [own] });
  const follower = new Follower({});
  follower.behind.push(...calls.group.proposed);
  follower.catchUp();
  const token = await calls.login('alice');
  follower.behind.push(...calls.group.proposed.slice(-1));
  const context = { requireLeader: false, token, commonName: '' };
  const told: (RpcError | null)[] = [];
  const request = encodeMessage(etcd.RangeRequest, { key: text('a'), serializable: true });
  follower.service.unary('/etcdserverpb.KV/Range')(request, context, (error) => told.push(error));
  assert.deepEqual(told, [null]);

  const other = await calls.login('alice');
  follower.behind.push(...calls.group.proposed.slice(-1));
  const answers: boolean[] = [];
  const listener = follower.service.stream('/etcdserverpb.Watch/Watch')({
    context: { ...context, token: other },
    send: (bytes) => {
      answers.push(decodeMessage(etcd.WatchResponse, bytes)?.canceled ?? true);
      return true;
    },
    end: () => undefined,
  });
  const createRequest = { key: text('a') };
  listener.message(encodeMessage(etcd.WatchRequest, { createRequest }));
  assert.deepEqual(answers, [false]);
});

test('tokens that were in the log when a member was started are void there', async () => {
  const calls = await new AuthCalls().enabled({ alice: [own] });
  const token = await calls.login('alice');
  const { proposed } = calls.group;
  const group = new InProcessGroup();
  for (const command of proposed.slice(0, -1)) await group.propose(command);
  const replayed = proposed.at(-1) as Uint8Array;
  const lastIndex = group.status().lastIndex + 1;
  const restarted = new AuthCalls({
    machine: group.machine,
    store: group.store,
    group: { ...servedGroupOf(group), status: () => ({ ...group.status(), lastIndex }) },
  });
  const asked = restarted.withToken(token).range({ key: text('a') });
  await group.propose(replayed);
  await restarted.time.advance(10);
  const { error } = await asked;
  assert.equal(error?.message, 'etcdserver: invalid auth token');
  await restarted.anonymous().as('alice');
  assert.equal((await restarted.range({ key: text('a') })).error, null);
});

class HeldGuard {
  readonly #done: (() => void)[] = [];
  isSettled(): boolean {
    return false;
  }

  settle(_call: unknown, done: () => void): void {
    this.#done.push(done);
  }

  release(): void {
    this.#done.shift()?.();
  }
}

function heldStream() {
  const guard = new HeldGuard();
  const heard: string[] = [];
  const ended: (RpcError | null)[] = [];
  const call: StreamCall = {
    context: { requireLeader: false, token: 't', commonName: '' },
    send: () => true,
    end: (error) => ended.push(error),
  };
  const messages = new SettledMessages(guard, call, {
    message: (request) => heard.push(`${request}`),
    halfClosed: () => heard.push('half-closed'),
    drained: () => undefined,
    closed: () => heard.push('closed'),
  });
  return { guard, heard, ended, messages };
}

test('the messages of a stream wait for its token and keep their order', () => {
  const { guard, heard, messages } = heldStream();
  const reused = Uint8Array.of(1);
  messages.message(reused);
  reused[0] = 2;
  messages.message(reused);
  messages.halfClosed();
  assert.deepEqual(heard, []);
  guard.release();
  assert.deepEqual(heard, ['1', '2', 'half-closed']);
  messages.message(Uint8Array.of(3));
  guard.release();
  assert.deepEqual(heard.at(-1), '3', 'a void token is handed on, and is refused there');
});

test('a stream that is over drops what waits, and one that asks too much ends', () => {
  const over = heldStream();
  over.messages.message(Uint8Array.of(1));
  over.messages.halfClosed();
  over.messages.stop();
  over.guard.release();
  assert.deepEqual(over.heard, []);
  const { ended, heard, messages } = heldStream();
  for (let i = 0; i <= 1000; i++) messages.message(Uint8Array.of(1));
  assert.equal(ended[0]?.message, 'etcdserver: too many requests');
  assert.deepEqual(heard, ['closed']);
});

test('without any tokens to compare with, no token is right', () => {
  const { machine } = new AuthCalls().group;
  const log = { appliedIndex: 0, catchUp: (done: () => void) => done() };
  const guard = new AuthGuard({ store: machine.auth, keysOfLease: () => [], tokens: null, log });
  const call = { requireLeader: false, token: 'abc', commonName: '' };
  assert.equal(guard.userRefusal(call), null);
  let settled = 0;
  guard.settle(call, () => settled++);
  assert.equal(settled, 1);
});
