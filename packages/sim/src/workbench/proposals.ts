import { toHex } from '@quorate/base';
import { InvariantViolation } from '../invariants/invariant.ts';
import type { SingleCopy } from './single-copy.ts';

interface Proposed {
  readonly command: Uint8Array;
  /** As often as it may have been applied: proposed, and not known to have failed. */
  most: number;
  /** As often as it was acknowledged. */
  least: number;
}

/** How often each command was proposed, and how often clients were told what became of it. */
export class Proposals {
  readonly #byText = new Map<string, Proposed>();
  acknowledged = 0;
  readonly refused = new Map<string, number>();

  /** @returns whom to tell what came of it, once */
  propose(command: Uint8Array): { done(): void; refused(code: string): void } {
    const text = toHex(command);
    const known = this.#byText.get(text) ?? { command, most: 0, least: 0 };
    this.#byText.set(text, known);
    known.most += 1;
    return {
      done: () => {
        known.least += 1;
        this.acknowledged += 1;
      },
      refused: (code) => {
        known.most -= 1;
        this.refuse(code);
      },
    };
  }

  refuse(code: string): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
  }

  /**
   * No command was applied more often than clients had it proposed, or less often than they were
   * told.
   *
   * @throws InvariantViolation
   */
  check(copy: SingleCopy): void {
    const applied = new Map<string, number>();
    for (const { command } of copy.entries()) {
      const text = toHex(command);
      applied.set(text, (applied.get(text) ?? 0) + 1);
    }
    for (const [text, { command, most, least }] of this.#byText) {
      const times = applied.get(text) ?? 0;
      if (times >= least && times <= most) continue;
      throw new InvariantViolation(
        'commands are applied once',
        `command ${copy.describe(command)} was applied ${times} times; it was acknowledged ` +
          `${least} times, and may have been applied ${most} times`,
      );
    }
  }
}
