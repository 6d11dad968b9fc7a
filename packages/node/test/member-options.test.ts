import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StateMachine } from '@quorate/base';
import type { MemberOptions } from '../src/member.ts';
import { checkMemberOptions } from '../src/member-options.ts';
import { NodeError } from '../src/node-error.ts';

const stateMachine: StateMachine<null> = {
  apply: (entries) => entries.map(() => null),
  *snapshot() {
    yield new Uint8Array(0);
  },
  restore: () => ({ chunk: () => undefined, finish: () => undefined }),
};

const good: MemberOptions = {
  nodeId: 1,
  clusterId: '0123456789abcdef',
  dataDirectory: 'data',
  listen: { host: '127.0.0.1', port: 0 },
  members: new Map([
    [1, { host: '127.0.0.1', port: 7001 }],
    [2, { host: '127.0.0.1', port: 7002 }],
  ]),
  groups: { kv: stateMachine },
};

function members(...addresses: (readonly [number, string, number])[]): MemberOptions['members'] {
  return new Map(addresses.map(([id, host, port]) => [id, { host, port }]));
}

/** Each makes one thing wrong; the key is the field the error must name. */
const mistakes: readonly (readonly [field: string, change: object])[] = [
  ['nodeId', { nodeId: 0 }],
  ['nodeId', { nodeId: 1.5 }],
  ['nodeId', { nodeId: '1' }],
  ['clusterId', { clusterId: '0123' }],
  ['clusterId', { clusterId: 7 }],
  ['clusterId', { clusterId: '0123456789ABCDEF' }],
  ['dataDirectory', { dataDirectory: '' }],
  ['dataDirectory', { dataDirectory: 'a\0b' }],
  ['listen.host', { listen: undefined }],
  ['listen.host', { listen: { host: '', port: 1 } }],
  ['listen.port', { listen: { host: 'a', port: 65_536 } }],
  ['listen.port', { listen: { host: 'a', port: '80' } }],
  ['members', { members: { 1: 'a' } }],
  ['members', { members: new Map() }],
  ['members', { nodeId: 3 }],
  ['members[2].port', { members: members([1, 'a', 1], [2, 'a', 0]) }],
  ['members[2]', { members: members([1, 'a', 1], [2, 'a', 1]) }],
  ['members[-1]', { members: members([1, 'a', 1], [-1, 'a', 2]) }],
  ['groups', { groups: {} }],
  ['groups', { groups: undefined }],
  ['groups[""]', { groups: { '': stateMachine } }],
  ['groups["kv"].apply', { groups: { kv: {} } }],
  ['groups["kv"].restore', { groups: { kv: { ...stateMachine, restore: 1 } } }],
  ['tuning.heartbeatMs', { tuning: { heartbeatMs: 10 } }],
  ['tuning.segmentBytes', { tuning: { segmentBytes: -1 } }],
  ['tuning.electionTimeoutMs', { tuning: { electionTimeoutMs: Number.NaN } }],
  ['log.level', { log: { level: 'loud', format: 'json' } }],
  ['log.format', { log: { level: 'info', format: 'xml' } }],
  ['onHalt', { onHalt: 1 }],
];

test('good options pass', () => {
  checkMemberOptions(good);
  const tuning = { heartbeatIntervalMs: 50, electionTimeoutMs: 500, snapshotTailEntries: 0 };
  checkMemberOptions({ ...good, tuning, log: { level: 'silent', format: 'json' } });
});

test('each mistake is refused with the path of the field and what to give instead', () => {
  for (const [field, change] of mistakes) {
    assert.throws(
      () => checkMemberOptions({ ...good, ...change } as MemberOptions),
      (error) => {
        assert.ok(error instanceof NodeError && error.code === 'NODE_OPTIONS_INVALID');
        const { metadata } = error as NodeError<'NODE_OPTIONS_INVALID'>;
        assert.equal(metadata.field, field, error.message);
        assert.ok(error.message.startsWith(`option ${field} `), error.message);
        assert.ok(error.message.endsWith(metadata.fix), error.message);
        return true;
      },
    );
  }
});
