import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canaries } from '../differential/canaries.ts';
import { drawOperation } from '../differential/draw.ts';
import { firstDifference } from '../differential/first-difference.ts';
import { normalise } from '../differential/normalise.ts';
import { createState, type Memory, type Wire } from '../differential/operation.ts';
import { showStep } from '../differential/show.ts';
import { shrinkOperations } from '../differential/shrink.ts';
import { WatchLog } from '../differential/watch-log.ts';

const wires: readonly Wire[] = ['grpc', 'gateway'];
const noLeases: ReadonlySet<string> = new Set();

/** Every step in words, with what servers choose filled in. */
function drawn(seed: number, count: number): string[] {
  const state = createState();
  const memory: Memory = { memberId: 1n, lease: 2n, tokens: new Map() };
  return Array.from({ length: count }, (_, index) => {
    state.head = 1 + index;
    state.isAuthOn = index % 300 > 200;
    return drawOperation(seed, index, state, wires)
      .map((step) => {
        if (step.kind === 'grpc' && typeof step.request === 'function') {
          return showStep({ ...step, request: step.request(memory) });
        }
        return step.kind === 'http' && typeof step.body === 'function'
          ? showStep({ ...step, body: step.body(memory) })
          : showStep(step);
      })
      .join('\n');
  });
}

test('the seed decides every operation, and another one decides others', () => {
  const first = drawn(1, 600);
  assert.deepEqual(drawn(1, 600), first);
  assert.notDeepEqual(drawn(2, 600), first);
  assert.ok(new Set(first).size > 450, 'they are many different ones');
});

test('one wire alone is kept to', () => {
  const state = createState();
  for (let index = 0; index < 300; index++) {
    for (const { kind } of drawOperation(3, index, state, ['grpc'])) assert.notEqual(kind, 'http');
  }
});

test('what is each server\u2019s own is marked, and nothing else', () => {
  const header = (id: string) => ({ cluster_id: id, member_id: id, revision: '7', raft_term: id });
  const answer = (id: string) => ({ header: header(id), kvs: [{ key: 'YQ==', lease: '5' }] });
  const leases = new Set(['5']);
  assert.deepEqual(normalise(answer('1'), leases), normalise(answer('2'), leases));
  const one = normalise({ header: header('1') }, noLeases);
  const other = normalise({ header: { ...header('1'), revision: '8' } }, noLeases);
  assert.equal(firstDifference(one, other)?.path, 'header.revision');
  const without = { cluster_id: '1', member_id: '1', revision: '7' };
  assert.equal(
    firstDifference(one, normalise({ header: without }, noLeases))?.path,
    'header.raft_term',
  );
});

test('ids that a server chose are marked, those of clients are compared', () => {
  const leases = new Set(['5', '6']);
  const of = (lease: string) => JSON.stringify(normalise({ lease }, leases));
  assert.equal(of('1234567'), of('7654321'));
  assert.notEqual(of('5'), of('6'));
  assert.notEqual(of('5'), of('1234567'));
});

test('time that is left may have passed a little, and not more', () => {
  const left = (TTL: string) => JSON.stringify(normalise({ TTL, grantedTTL: '36000' }, noLeases));
  assert.equal(left('35999'), left('35998'));
  assert.notEqual(left('36000'), left('36001'));
  assert.notEqual(left('35999'), left('100'));
});

test('a watch log has what each watch heard, whatever the answers were cut into', () => {
  const event = (mod: number) => ({ kv: { key: 'YQ==', mod_revision: String(mod) } });
  const [whole, cut, swapped] = [new WatchLog(), new WatchLog(), new WatchLog()];
  whole.take({ watch_id: '1', events: [event(2), event(3)] });
  cut.take({ watch_id: '1', events: [event(2)], fragment: true });
  cut.take({ watch_id: '1', events: [event(3)] });
  swapped.take({ watch_id: '1', events: [event(3), event(2)] });
  assert.deepEqual(cut.heard(), whole.heard());
  assert.notDeepEqual(swapped.heard(), whole.heard());
});

test('few operations are found that still show a difference', async () => {
  const all = Array.from({ length: 200 }, (_, at) => at);
  const shows = async (some: readonly number[]) => some.includes(190) && some.includes(199);
  const best = await shrinkOperations(all, shows, () => true);
  assert.ok(best.length <= 4, best.join());
  assert.ok(best.includes(190) && best.includes(199));
});

test('a canary changes values, and what it leaves alone is equal', () => {
  const count = canaries.find(({ name }) => name === 'count');
  const of = (value: string) => ({ status: 0, message: '', body: { count: value, kvs: [] } });
  const path = '/etcdserverpb.KV/Range';
  assert.deepEqual(count?.outcome?.(path, of('9')).body, { count: '10', kvs: [] });
  assert.equal(firstDifference(of('2'), count?.outcome?.(path, of('2'))), null);
  assert.equal(JSON.stringify(count?.outcome?.(path, of('2'))), JSON.stringify(of('2')));
});

test('a canary changes what it is about', () => {
  const changed = canaries.filter(({ outcome, watch }) => {
    const event = { type: 'DELETE', kv: {} };
    if (watch !== undefined) return !JSON.stringify(watch({ events: [event] })).includes('DELETE');
    const message = 'etcdserver: mvcc: required revision has been compacted';
    const grpc = { status: 0, message, body: { count: '9', prev_kv: {} } };
    const http = { status: 200, message: '', body: { headers: { a: '1' }, json: {} } };
    return [
      ['/etcdserverpb.KV/Range', grpc],
      ['/etcdserverpb.KV/Put', grpc],
      ['/v3/kv/deleterange', http],
      ['/v3/kv/range', { ...http, status: 400 }],
    ].some(([path, given]) => outcome?.(path as string, given as typeof grpc) !== given);
  });
  assert.equal(changed.length, canaries.length);
});
