import { encodeMessage, etcd } from '@quorate/schema';
import { call, callWith, pathOf, rpcOf } from './calls.ts';
import { drawDeleteRange, drawPut, drawRange, drawTxn } from './draw-kv.ts';
import { grant } from './draw-lease.ts';
import type { Drawer } from './drawer.ts';
import type { Step } from './operation.ts';

const methods = [
  'KV/Range',
  'KV/Put',
  'KV/DeleteRange',
  'KV/Txn',
  'KV/Compact',
  'Lease/LeaseTimeToLive',
  'Lease/LeaseRevoke',
  'Auth/UserGet',
  'Auth/RoleGet',
  'Maintenance/Status',
];

export function drawMaintenance(draw: Drawer): Step[] {
  const { prng, state } = draw;
  const draws = prng.below(10);
  if (draws < 2) return [call(draw, 'Maintenance/Status', {})];
  if (draws < 5) return [call(draw, 'Maintenance/Alarm', { action: 0, alarm: prng.below(3) })];
  if (draws < 6) return [hash(draw)];
  if (draws < 8) return [hashKv(draw)];
  if (draws < 9)
    return prng.chance(0.5) ? [call(draw, 'Cluster/MemberList', {})] : moveLeader(draw);
  if (prng.chance(0.3)) return [call(draw, 'Maintenance/Defragment', {})];
  return state.isAuthOn ? [] : alarmed(draw);
}

function hash(draw: Drawer): Step {
  return {
    kind: 'grpc',
    rpc: rpcOf('Maintenance/Hash'),
    request: new Uint8Array(0),
    as: draw.as(),
  };
}

function hashKv(draw: Drawer): Step {
  const { prng } = draw;
  const revision = prng.chance(0.5) ? 0 : draw.revision();
  const request = encodeMessage(etcd.HashKVRequest, { revision });
  // The gateway of 3.4 has it in another place.
  return { kind: 'grpc', rpc: rpcOf('Maintenance/HashKV'), request, as: draw.as() };
}

function moveLeader(draw: Drawer): Step[] {
  const isSelf = draw.prng.chance(0.5);
  return [
    callWith(draw, 'Maintenance/MoveLeader', ({ memberId }) => ({
      targetID: isSelf ? memberId : 12345n,
    })),
  ];
}

/** What still works while there is an alarm. */
function alarmed(draw: Drawer): Step[] {
  const { prng } = draw;
  const alarm = prng.chance(0.6) ? etcd.AlarmType.NOSPACE : etcd.AlarmType.CORRUPT;
  const set = (action: number): Step =>
    callWith(
      draw,
      'Maintenance/Alarm',
      ({ memberId: memberID }) => ({ action, alarm, memberID }),
      '',
    );
  const tried: Step[] = [
    call(draw, 'KV/Put', drawPut(draw), ''),
    call(draw, 'KV/Range', drawRange(draw), ''),
    call(draw, 'KV/DeleteRange', drawDeleteRange(draw), ''),
    call(draw, 'KV/Txn', drawTxn(draw), ''),
    grant(draw, draw.lease(), 40_000, ''),
    call(draw, 'Lease/LeaseRevoke', { ID: draw.lease() }, ''),
    call(draw, 'Maintenance/Status', {}, ''),
    call(draw, 'Maintenance/Alarm', { action: 0 }, ''),
  ];
  const some = prng.shuffle(tried).slice(0, 4);
  const { ACTIVATE, DEACTIVATE } = etcd.AlarmRequestAlarmAction;
  return [set(ACTIVATE), ...some, set(DEACTIVATE)];
}

/** What no client of good will sends. */
export function drawMalformed(draw: Drawer): Step[] {
  if (draw.wire === 'gateway') return [malformedHttp(draw)];
  const { prng } = draw;
  const draws = prng.float();
  if (draws < 0.1) return [hugePut(draw)];
  const request = draw.bytes(prng.below(12));
  return [{ kind: 'grpc', rpc: rpcOf(prng.pick(methods)), request, as: '' }];
}

function hugePut(draw: Drawer): Step {
  const length = draw.prng.pick([1_572_000, 1_572_900, 2_000_000, 2_097_100, 2_097_200, 2_200_000]);
  return call(draw, 'KV/Put', { key: Uint8Array.of(0x68), value: new Uint8Array(length) }, '');
}

function malformedHttp(draw: Drawer): Step {
  const { prng } = draw;
  const request = (method: string, path: string, body: string | Uint8Array): Step => ({
    kind: 'http',
    method,
    path,
    body,
    as: '',
  });
  const known = pathOf(prng.pick(methods));
  switch (prng.below(9)) {
    case 0:
      return request('POST', prng.pick(unknownPaths), '{}');
    case 1:
      return request(prng.pick(['GET', 'PUT', 'DELETE', 'HEAD', 'PATCH']), known, '');
    case 2:
      return request('OPTIONS', prng.pick([known, '/v3/nothing', '/nothing']), '');
    case 3:
      return request('GET', prng.pick(pages), '');
    case 4:
      return request('POST', prng.pick(pages), '{}');
    case 5:
      return request('POST', known, draw.bytes(prng.below(8)));
    case 6:
      return request('POST', known, prng.pick(brokenTexts));
    case 7:
      return request('POST', known.replace('/v3/', prng.pick(['/v3beta/', '/v3alpha/'])), '{}');
    default:
      return {
        ...request('POST', known, prng.pick(['', '{}', '{"key":"YQ=="}'])),
        headers: { 'content-type': prng.pick(contentTypes) },
      } as Step;
  }
}

const unknownPaths = [
  '/v3',
  '/v3/',
  '/v3/kv',
  '/v3/kv/range/',
  '/v3/kv/Range',
  '/v3//kv/range',
  '/v3/kv/range?key=YQ==',
  '/v3/kv/nothing',
  '/v3/kv/../kv/range',
  '/v2/keys',
  '/v2/keys/a',
  '/v4/kv/range',
  '/v3/kv/%72ange',
  '/',
  '//',
  '/nothing',
];

const pages = ['/', '/version', '/health', '/nothing', '/version/', '/health?exclude=NOSPACE'];

const brokenTexts = [
  '{',
  '}',
  '{}}',
  '{"key"',
  '{"key":',
  '{"key":"',
  '{"key":"YQ=="',
  '{"key":"YQ==",',
  '{"key":"YQ==" "value":"YQ=="}',
  '[]',
  '[{}]',
  'null',
  'true',
  '1',
  '""',
  'key=YQ==',
  '<xml/>',
  '{"key":"\\q"}',
  '{"key":"\\u12"}',
  '{"key":"\u0001"}',
  '{"key":"YQ==","key":"Yg=="}',
  '{"limit":01}',
  '{"limit":.5}',
  '{"limit":1.}',
  '{"limit":-}',
  '{"limit":+1}',
  '{"limit":NaN}',
  '{"key":nul}',
  '{"key":tru}',
  '{"":""}',
  '{"a":{"b":{"c":[[[[]]]]}}}',
  '// comment\n{}',
  '\u0000',
];

const contentTypes = [
  'application/x-www-form-urlencoded',
  'text/plain',
  '',
  'application/grpc-web',
];
