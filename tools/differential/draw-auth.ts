import { compareBytes } from '@quorate/base';
import type { etcd, Init } from '@quorate/schema';
import { call } from './calls.ts';
import { drawRange } from './draw-kv.ts';
import type { Drawer } from './drawer.ts';
import type { Step } from './operation.ts';

const users = ['root', 'alice', 'bob', 'carol'];
const roles = ['root', 'reader', 'writer', 'all'];
/** So long auth stays on, at most. */
const longestAge = 150;

export function drawAuth(draw: Drawer): Step[] {
  const { prng, state } = draw;
  const { isAuthOn } = state;
  if (isAuthOn && (state.authAge > longestAge || prng.chance(0.02))) return disable(draw);
  if (!isAuthOn && prng.chance(0.06)) return enable(draw);
  const as = isAuthOn && prng.chance(0.6) ? 'root' : draw.as();
  const name = prng.chance(0.02) ? '' : prng.pick(users);
  const role = prng.chance(0.02) ? '' : prng.pick(roles);
  const password = prng.pick(['', 'secret', 'other']);
  switch (prng.below(15)) {
    case 0:
      return [addUser(draw, name, as)];
    case 1:
      return [call(draw, 'Auth/UserGet', { name }, as)];
    case 2:
      return [call(draw, prng.pick(['Auth/UserList', 'Auth/RoleList']), {}, as)];
    case 3:
      return [call(draw, 'Auth/UserDelete', { name }, as)];
    case 4:
      return [call(draw, 'Auth/UserChangePassword', { name, password }, as), ...login(draw, name)];
    case 5:
      return [call(draw, 'Auth/UserGrantRole', { user: name, role }, as)];
    case 6:
      return [call(draw, 'Auth/UserRevokeRole', { name, role }, as)];
    case 7:
      return [call(draw, 'Auth/RoleAdd', { name: role }, as)];
    case 8:
      return [call(draw, 'Auth/RoleGet', { role }, as)];
    case 9:
      return [call(draw, 'Auth/RoleDelete', { role }, as)];
    case 10:
    case 11:
      return [call(draw, 'Auth/RoleGrantPermission', { name: role, perm: permission(draw) }, as)];
    case 12:
      return [call(draw, 'Auth/RoleRevokePermission', { role, ...draw.range() }, as)];
    case 13:
      return [authenticate(draw, name, password)];
    default:
      if (isAuthOn) return [];
      // Somebody's token of another time.
      if (prng.chance(0.4)) return [call(draw, 'KV/Range', drawRange(draw), '?')];
      return [call(draw, 'Auth/AuthDisable', {}, '')];
  }
}

function addUser(draw: Drawer, name: string, as: string): Step {
  const { prng } = draw;
  const noPassword = prng.chance(0.1);
  const password = noPassword && prng.chance(0.8) ? '' : prng.pick(['secret', 'other']);
  const options = prng.chance(0.3) || noPassword ? { noPassword } : null;
  return call(draw, 'Auth/UserAdd', { name, password, options }, as);
}

function permission(draw: Drawer): Init<etcd.Permission> {
  const { prng } = draw;
  const permType = prng.below(3);
  const { key, rangeEnd } = draw.range();
  // Empty ranges and keys are permissions for 3.4 alone, and seldom worth to begin anew for.
  const isPlain = rangeEnd.length > 0 && !(rangeEnd.length === 1 && rangeEnd[0] === 0);
  const isEmpty = isPlain && compareBytes(key, rangeEnd) >= 0;
  return { permType, key, rangeEnd: isEmpty && prng.chance(0.98) ? new Uint8Array(0) : rangeEnd };
}

/** Everybody whose tokens are used anew, with roles of their own, and auth on. */
function enable(draw: Drawer): Step[] {
  const steps: Step[] = [];
  if (draw.prng.chance(0.15)) steps.push(call(draw, 'Auth/AuthEnable', {}, ''));
  for (const name of ['root', 'alice', 'bob']) {
    steps.push(call(draw, 'Auth/UserDelete', { name }, ''));
    steps.push(call(draw, 'Auth/UserAdd', { name, password: 'secret' }, ''));
  }
  if (draw.prng.chance(0.15)) steps.push(call(draw, 'Auth/AuthEnable', {}, ''));
  const granted = { permType: 2, key: Uint8Array.of(0x61), rangeEnd: Uint8Array.of(0x6c) };
  steps.push(
    call(draw, 'Auth/UserGrantRole', { user: 'root', role: 'root' }, ''),
    call(draw, 'Auth/RoleAdd', { name: 'writer' }, ''),
    call(draw, 'Auth/RoleGrantPermission', { name: 'writer', perm: granted }, ''),
    call(draw, 'Auth/UserGrantRole', { user: 'alice', role: 'writer' }, ''),
    call(draw, 'Auth/RoleAdd', { name: 'reader' }, ''),
    call(draw, 'Auth/RoleGrantPermission', { name: 'reader', perm: permission(draw) }, ''),
    call(draw, 'Auth/UserGrantRole', { user: 'bob', role: 'reader' }, ''),
    call(draw, 'Auth/AuthEnable', {}, ''),
    ...['root', 'alice', 'bob'].flatMap((name) => login(draw, name)),
  );
  return steps;
}

function login(draw: Drawer, name: string): Step[] {
  return ['secret', 'other'].map((password) => authenticate(draw, name, password));
}

function authenticate(draw: Drawer, name: string, password: string): Step {
  return { ...call(draw, 'Auth/Authenticate', { name, password }, ''), login: name } as Step;
}

/** Streams that were opened with a token, which 3.4 would refuse then, go before. */
function disable(draw: Drawer): Step[] {
  const closed = [...draw.state.streams].map((stream): Step => ({ kind: 'watchClose', stream }));
  draw.state.streams.clear();
  const disabled = call(draw, 'Auth/AuthDisable', {}, 'root');
  return [{ kind: 'settle' }, ...closed, ...login(draw, 'root'), disabled];
}
