import { concatBytes } from '@quorate/base';
import { call, callWith } from './calls.ts';
import { grant } from './draw-lease.ts';
import { bytesOf, type Drawer } from './drawer.ts';
import type { Step } from './operation.ts';

const longTtl = 40_000;
const names = ['n', 'n/m', 'a'].map(bytesOf);

/** Locks and elections; whoever would have to wait is left out, for nobody lets go meanwhile. */
export function drawConcurrency(draw: Drawer): Step[] {
  const { prng, state } = draw;
  const as = state.isAuthOn && prng.chance(0.8) ? 'root' : draw.as();
  const name = prng.chance(0.04) ? new Uint8Array(0) : prng.pick(names);
  switch (prng.below(6)) {
    case 0:
      return lock(draw, name, as);
    case 1:
      return [call(draw, 'Lock/Unlock', { key: draw.key() }, as)];
    case 2:
      return campaign(draw, name, as);
    case 3:
      return [call(draw, 'Election/Leader', { name }, as)];
    case 4:
      return [
        call(draw, 'Election/Proclaim', { leader: leader(draw, name), value: draw.value() }, as),
      ];
    default:
      return [call(draw, 'Election/Resign', { leader: leader(draw, name) }, as)];
  }
}

/** Of nobody: there is no key under the name before, and none when all is over. */
function lock(draw: Drawer, name: Uint8Array, as: string): Step[] {
  const lease = draw.lease();
  const key = queueKey(name, lease);
  // Written plainly: in some ways to write it there is no lease, and the server makes one.
  const locked = () => callWith(draw, 'Lock/Lock', () => ({ name, lease }), as);
  const held = [locked()];
  if (draw.prng.chance(0.3)) held.push(locked());
  return [
    ...emptied(draw, name, as),
    ...leased(draw, lease, as),
    ...held,
    ...(draw.prng.chance(0.7) ? [call(draw, 'Lock/Unlock', { key }, as)] : []),
    ...emptied(draw, name, as),
  ];
}

function campaign(draw: Drawer, name: Uint8Array, as: string): Step[] {
  const { prng } = draw;
  const lease = draw.lease();
  const run = () => {
    const value = draw.value();
    return callWith(draw, 'Election/Campaign', () => ({ name, lease, value }), as);
  };
  const key = queueKey(name, lease);
  const steps = [...emptied(draw, name, as), ...leased(draw, lease, as), run()];
  if (prng.chance(0.4)) steps.push(run());
  steps.push(call(draw, 'Election/Leader', { name }, as));
  const rev = draw.state.head + prng.below(4);
  const mine = { name, key, rev, lease };
  if (prng.chance(0.5))
    steps.push(call(draw, 'Election/Proclaim', { leader: mine, value: key }, as));
  steps.push(call(draw, 'Election/Resign', { leader: mine }, as));
  return [...steps, call(draw, 'Election/Leader', { name }, as), ...emptied(draw, name, as)];
}

/** A lease that is there, mostly. */
function leased(draw: Drawer, lease: bigint, as: string): Step[] {
  if (draw.prng.chance(0.1)) return [call(draw, 'Lease/LeaseRevoke', { ID: lease }, as)];
  return [grant(draw, lease, longTtl, as)];
}

function emptied(draw: Drawer, name: Uint8Array, as: string): Step[] {
  const key = concatBytes([name, bytesOf('/')]);
  return [call(draw, 'KV/DeleteRange', { key, rangeEnd: concatBytes([name, bytesOf('0')]) }, as)];
}

function queueKey(name: Uint8Array, lease: bigint): Uint8Array {
  return concatBytes([name, bytesOf(`/${lease.toString(16)}`)]);
}

function leader(draw: Drawer, name: Uint8Array): object | null {
  const { prng } = draw;
  if (prng.chance(0.1)) return null;
  const lease = draw.lease();
  const key = prng.chance(0.5) ? draw.key() : queueKey(name, lease);
  return { name, key, rev: Math.max(0, draw.revision()), lease };
}
