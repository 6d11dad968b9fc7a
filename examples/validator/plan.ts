import { Prng } from '@quorate/base';

/**
 * - `kill`: kill -9, and a start later.
 * - `stop`: SIGSTOP, and SIGCONT later.
 * - `cut`: nothing comes from or to the other signers.
 * - `crashInSign`, `stopInSign`: the same, between the leave to sign and the signature.
 */
export type Fault = 'kill' | 'stop' | 'cut' | 'crashInSign' | 'stopInSign';

export interface PlannedFault {
  readonly what: Fault;
  /** Of the leader, or of a signer by number. */
  readonly whom: 'leader' | number;
  /** So many slots pass before it, with all signers up, or there would be no majority. */
  readonly afterSlots: number;
  /** After so many it is undone. */
  readonly forSlots: number;
}

/**
 * Without end, and another one for each seed.
 *
 * @param first what has to be shown; then whatever is drawn from `faults`
 */
export function* drawPlan(
  seed: number,
  signers: number,
  { first, faults }: Record<'first' | 'faults', readonly Fault[]>,
): Generator<PlannedFault, never> {
  const prng = new Prng(seed);
  for (let drawn = 0; ; drawn++) {
    const what = first[drawn] ?? prng.pick(faults);
    const isLeader = what.endsWith('InSign') || prng.chance(0.7);
    const whom = isLeader ? 'leader' : prng.between(1, signers);
    yield { what, whom, afterSlots: prng.between(3, 5), forSlots: prng.between(4, 6) };
  }
}
