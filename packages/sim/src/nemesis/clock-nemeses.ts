import type { Nemesis } from './nemesis.ts';

/** A clock runs at another rate from now on, within the drift that the run declares. */
export const clockRate: Nemesis = {
  name: 'clock-rate',
  strike(cluster, prng) {
    const { clockDrift } = cluster.options;
    if (clockDrift === 0) return false;
    const node = prng.pick(cluster.nodes);
    const deviation = prng.pick([-1, 1, 0, 2 * prng.float() - 1]);
    node.world.setClockRate(1 + clockDrift * deviation);
    return true;
  },
};

const microsPerMs = 1000;
const jumpsMs = [1, 1000, 60_000, 3_600_000, 365 * 86_400_000];

/** Somebody sets the wall clock, or a time server does, forth or back. */
export const wallJump: Nemesis = {
  name: 'wall-clock-jump',
  strike(cluster, prng) {
    const node = prng.pick(cluster.nodes);
    const micros = prng.between(1, prng.pick(jumpsMs) * microsPerMs);
    node.world.jumpWallMicros(prng.chance(0.5) ? micros : -micros);
    return true;
  },
};
