const firstDelayMs = 25;
const maxDelayMs = 2000;

/**
 * @param round 1 for the first wait
 * @returns how long to wait before everybody is tried once more: doubling, and spread by chance,
 *   so that those who failed together do not come back together
 */
export function backoffMs(round: number, random: () => number): number {
  const doublings = Math.min(round - 1, 16);
  const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** doublings);
  return delayMs * (0.5 + random() / 2);
}
