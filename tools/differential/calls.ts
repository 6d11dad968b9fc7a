import { present } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd, messageToJson, type Rpc } from '@quorate/schema';
import type { Drawer } from './drawer.ts';
import { jsonVariant } from './json-variants.ts';
import type { Memory, Step } from './operation.ts';

const rpcs: ReadonlyMap<string, Rpc> = new Map(etcd.rpcs.map((rpc) => [rpc.path, rpc]));

/** Where the gateway of 3.4 has those that have other names there. */
const gatewayNames: Readonly<Record<string, string>> = {
  'KV/Range': 'kv/range',
  'KV/Put': 'kv/put',
  'KV/DeleteRange': 'kv/deleterange',
  'KV/Txn': 'kv/txn',
  'KV/Compact': 'kv/compaction',
  'Lease/LeaseGrant': 'lease/grant',
  'Lease/LeaseRevoke': 'lease/revoke',
  'Lease/LeaseTimeToLive': 'lease/timetolive',
  'Lease/LeaseLeases': 'lease/leases',
  'Lease/LeaseKeepAlive': 'lease/keepalive',
  'Cluster/MemberList': 'cluster/member/list',
  'Maintenance/Alarm': 'maintenance/alarm',
  'Maintenance/Status': 'maintenance/status',
  'Maintenance/Defragment': 'maintenance/defragment',
  'Maintenance/MoveLeader': 'maintenance/transfer-leadership',
  'Watch/Watch': 'watch',
  'Lock/Lock': 'lock/lock',
  'Lock/Unlock': 'lock/unlock',
  'Election/Campaign': 'election/campaign',
  'Election/Proclaim': 'election/proclaim',
  'Election/Leader': 'election/leader',
  'Election/Resign': 'election/resign',
  'Auth/AuthEnable': 'auth/enable',
  'Auth/AuthDisable': 'auth/disable',
  'Auth/Authenticate': 'auth/authenticate',
  'Auth/UserAdd': 'auth/user/add',
  'Auth/UserGet': 'auth/user/get',
  'Auth/UserList': 'auth/user/list',
  'Auth/UserDelete': 'auth/user/delete',
  'Auth/UserChangePassword': 'auth/user/changepw',
  'Auth/UserGrantRole': 'auth/user/grant',
  'Auth/UserRevokeRole': 'auth/user/revoke',
  'Auth/RoleAdd': 'auth/role/add',
  'Auth/RoleGet': 'auth/role/get',
  'Auth/RoleList': 'auth/role/list',
  'Auth/RoleDelete': 'auth/role/delete',
  'Auth/RoleGrantPermission': 'auth/role/grant',
  'Auth/RoleRevokePermission': 'auth/role/revoke',
};

const packages: Readonly<Record<string, string>> = { Lock: 'v3lockpb', Election: 'v3electionpb' };

/** @param method `Service/Method` */
export function rpcOf(method: string): Rpc {
  const [service = ''] = method.split('/');
  const path = `/${packages[service] ?? 'etcdserverpb'}.${method}`;
  return present(rpcs.get(path), `the schema has ${method}`);
}

/** @param path of the gateway; null when it is none of those that are used here */
export function rpcOfPath(path: string): Rpc | null {
  const method = Object.keys(gatewayNames).find((name) => `/v3/${gatewayNames[name]}` === path);
  return method === undefined ? null : rpcOf(method);
}

export function pathOf(method: string): string {
  return `/v3/${present(gatewayNames[method], `the gateway has ${method}`)}`;
}

/** One call over the wire that was drawn; in JSON in one of the ways to write it. */
export function call(draw: Drawer, method: string, message: object, as = draw.as()): Step {
  const rpc = rpcOf(method);
  const request = encodeMessage(rpc.request.codec, message);
  if (draw.wire === 'grpc') return { kind: 'grpc', rpc, request, as };
  return { kind: 'http', method: 'POST', path: pathOf(method), body: text(draw, rpc, request), as };
}

/** A call whose request names what the server itself has chosen before. */
export function callWith(
  draw: Drawer,
  method: string,
  message: (memory: Memory) => object,
  as = draw.as(),
): Step {
  const rpc = rpcOf(method);
  const bytes = (memory: Memory) => encodeMessage(rpc.request.codec, message(memory));
  if (draw.wire === 'grpc') return { kind: 'grpc', rpc, request: bytes, as };
  const body = (memory: Memory) => JSON.stringify(jsonOf(rpc, bytes(memory)));
  return { kind: 'http', method: 'POST', path: pathOf(method), body, as };
}

function jsonOf(rpc: Rpc, request: Uint8Array): object {
  const whole = present(decodeMessage(rpc.request.codec, request), 'it was encoded just now');
  return messageToJson(rpc.request.json, whole);
}

export function text(draw: Drawer, rpc: Rpc, request: Uint8Array): string {
  return jsonVariant(draw.prng, rpc.request.json, jsonOf(rpc, request));
}
