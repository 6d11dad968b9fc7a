import { Prng } from '@quorate/base';
import { call } from './calls.ts';
import { drawAuth } from './draw-auth.ts';
import { drawConcurrency } from './draw-concurrency.ts';
import { drawCompaction, drawDeleteRange, drawPut, drawRange, drawTxn } from './draw-kv.ts';
import { drawLease } from './draw-lease.ts';
import { drawMaintenance, drawMalformed } from './draw-other.ts';
import { drawWatch, drawWatchOfCompacted } from './draw-watch.ts';
import { Drawer } from './drawer.ts';
import type { State, Step, Wire } from './operation.ts';

/** More than the operations of one run. */
const operationsPerSeed = 2 ** 24;

/** Share of each kind among a hundred. */
const kinds: readonly (readonly [share: number, (draw: Drawer) => Step[]])[] = [
  [24, (draw) => [call(draw, 'KV/Range', drawRange(draw))]],
  [20, (draw) => [call(draw, 'KV/Put', drawPut(draw))]],
  [6, (draw) => [call(draw, 'KV/DeleteRange', drawDeleteRange(draw))]],
  [14, (draw) => [call(draw, 'KV/Txn', drawTxn(draw))]],
  [1, drawCompact],
  [7, drawLease],
  [10, drawWatch],
  [11, drawAuth],
  [3, drawMaintenance],
  [3, drawConcurrency],
  [4, drawMalformed],
];

/** Who may compact is another matter since 3.5, and whoever does parts the two servers. */
function drawCompact(draw: Drawer): Step[] {
  const as = draw.state.isAuthOn && draw.prng.chance(0.97) ? 'root' : draw.as();
  if (draw.prng.chance(0.4)) return drawWatchOfCompacted(draw, as);
  return [{ kind: 'settle' }, call(draw, 'KV/Compact', drawCompaction(draw), as)];
}

/**
 * The operation of that number: what is sent follows from seed, number and the state that the
 * operations before it have left, and from nothing else. Numbers of `state` that are counted here
 * are counted on.
 */
export function drawOperation(
  seed: number,
  index: number,
  state: State,
  wires: readonly Wire[],
): readonly Step[] {
  const prng = new Prng(seed * operationsPerSeed + index);
  const draw = new Drawer(prng, state, prng.pick(wires));
  let left = prng.below(kinds.reduce((sum, [share]) => sum + share, 0));
  for (const [share, make] of kinds) {
    if (left < share) return make(draw);
    left -= share;
  }
  return [];
}
