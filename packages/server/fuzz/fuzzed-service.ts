import assert from 'node:assert/strict';
import { encodeCommand, KvStateMachine } from '@quorate/kv';
import { majorityConfiguration } from '@quorate/schema';
import {
  EtcdService,
  EtcdStateMachine,
  keyValueCommand,
  type RpcError,
  type ServiceOptions,
} from '@quorate/server/core';

const nodeId = 1;

export interface FuzzedService {
  readonly service: EtcdService;
  /** Commands that were proposed, and applied at once. */
  readonly proposed: Uint8Array[];
  /** Does what was put off, and what that puts off. */
  readonly turn: () => void;
}

/** The service over a group of one that applies every command at once, with a few keys in it. */
export function openService(): FuzzedService {
  const store = new KvStateMachine();
  const machine = new EtcdStateMachine(store);
  const proposed: Uint8Array[] = [];
  const deferred: (() => void)[] = [];
  let index = 0;
  const apply = (command: Uint8Array) => {
    index += 1;
    const [result] = machine.apply([{ index, term: 1, timestampMicros: index, command }]);
    assert.ok(result !== undefined, 'a command without a result');
    return result;
  };
  for (const key of ['a', 'b', 'common-1', 'common-2']) {
    apply(keyValueCommand(encodeCommand(putOf(key))));
  }
  const group: ServiceOptions['group'] = {
    propose: (command, done) => {
      proposed.push(command);
      done(null, { index, result: apply(command) });
    },
    readBarrier: (done) => done(null, index),
    transferLeadership: (_to, done) => done(null),
    status: () => ({
      group: 1,
      node: nodeId,
      role: 'leader',
      term: 3,
      leader: nodeId,
      lastIndex: index,
      commitIndex: index,
      appliedIndex: index,
      configuration: majorityConfiguration([nodeId], []),
      configurationIndex: 0,
      repairing: false,
    }),
    onLeadership: () => undefined,
  };
  const service = new EtcdService({
    identity: { clusterId: 0xfedc_ba98_7654_3210n, memberId: 1n },
    group,
    machine,
    store,
    membership: {
      change: (_steps, _conditions, done) => done(null),
      describe: (_members, done) => done(),
      progressOf: () => null,
      isConnected: () => true,
      peerUrlsOf: () => ['http://a:2380'],
      newId: () => nodeId + 1,
    },
    version: '3.6.14',
    maxCommandBytes: 2048,
    quotaBytes: 0,
    tuning: { electionTimeoutMs: 1000, maxClockDrift: 0 },
    clock: { monotonicMs: () => 0 },
    crypto: {
      sha256: () => ({ update: () => undefined, digest: () => new Uint8Array(32) }),
    },
    timers: {
      after: () => ({ cancel: () => undefined }),
      defer: (callback) => void deferred.push(callback),
    },
  });
  return { service, proposed, turn: () => drain(deferred) };
}

const mostTurns = 10_000;

function drain(deferred: (() => void)[]): void {
  for (let turns = 0; deferred.length > 0; turns++) {
    assert.ok(turns < mostTurns, 'it never comes to rest');
    deferred.shift()?.();
  }
}

function putOf(key: string) {
  const bytes = new TextEncoder().encode(key);
  const flags = { prevKv: false, ignoreValue: false, ignoreLease: false };
  return { kind: 'put', key: bytes, value: bytes, lease: 0n, ...flags } as const;
}

export interface Answer {
  readonly error: RpcError | null;
  readonly bytes: Uint8Array | null;
}

/** Calls a method; the answer comes once, before the call returns. */
export function callOnce(service: EtcdService, path: string, request: Uint8Array): Answer {
  const answers: Answer[] = [];
  const call = { requireLeader: false, token: '', commonName: '' };
  service.unary(path)(request, call, (error, bytes) => answers.push({ error, bytes }));
  const [answer] = answers;
  assert.ok(answer !== undefined && answers.length === 1, 'a call is answered once');
  assert.notEqual(answer.error === null, answer.bytes === null, 'an error or an answer, not both');
  return answer;
}
