import type { ScenarioName } from '../scenario-name.ts';

/** A change to one place of the source. */
export interface Edit {
  /** Below packages/. */
  readonly file: string;
  /** Must stand there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** A classic mistake, as a change to the source. */
export interface Canary extends Edit {
  readonly name: string;
  /** What goes wrong, and where it is known from. */
  readonly why: string;
  /** Another guard against the same mistake, which is taken away with it. */
  readonly also?: Edit;
  /** Voters that it takes to show; default: as many as are asked for. */
  readonly nodes?: number;
  /** Where it shows; default: the key-value scenario. */
  readonly scenario?: ScenarioName;
  /** The picture of the election in which it shows; default: it shows in drawn runs. */
  readonly picture?: string;
}

/** All places that a canary changes. */
export function editsOf(canary: Canary): readonly Edit[] {
  return canary.also === undefined ? [canary] : [canary, canary.also];
}
