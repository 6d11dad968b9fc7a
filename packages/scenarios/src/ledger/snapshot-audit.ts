import { LedgerError, LedgerMachine } from '@quorate/ledger';
import { ledgerLimits } from './ledger-limits.ts';
import { stateDigest } from './state-digest.ts';

/** So many entries are applied between the opening of a snapshot and its drawing. */
const openFor = 5;

interface OpenSnapshot {
  readonly index: number;
  readonly chunks: Iterator<Uint8Array, void>;
  readonly digest: string;
  age: number;
}

/**
 * Now and then opens a snapshot, lets the machine go on, and only then draws it: another machine
 * that begins from it must have the state of the moment it was opened at.
 */
export class SnapshotAudit {
  readonly #machine: LedgerMachine;
  readonly #every: number;
  readonly #mayBeDamaged: () => boolean;
  readonly #restored = new LedgerMachine({ limits: ledgerLimits });
  #applied = 0;
  #open: OpenSnapshot | null = null;

  /** @param mayBeDamaged whether the disk has done what a part of the snapshot may show */
  constructor(machine: LedgerMachine, every: number, mayBeDamaged: () => boolean) {
    this.#machine = machine;
    this.#every = every;
    this.#mayBeDamaged = mayBeDamaged;
  }

  /** After each entry. @returns what is wrong */
  applied(index: number): string | null {
    this.#applied += 1;
    const open = this.#open;
    if (open === null) {
      if (this.#applied % this.#every !== 0) return null;
      const digest = stateDigest(this.#machine);
      this.#open = { index, chunks: this.#machine.snapshot(), digest, age: 0 };
      return null;
    }
    open.age += 1;
    if (open.age < openFor) return null;
    this.#open = null;
    const found = this.#digestOf(open.chunks);
    if (found === null || found === open.digest) return null;
    return `at index ${open.index} it was ${open.digest}, its snapshot has ${found}`;
  }

  /** @returns of the state that the snapshot is of, or why it is none; null: the disk is why */
  #digestOf(chunks: Iterator<Uint8Array, void>): string | null {
    const sink = this.#restored.restore();
    try {
      for (let one = chunks.next(); one.done !== true; one = chunks.next()) sink.chunk(one.value);
      sink.finish();
    } catch (error) {
      const isDamage = error instanceof LedgerError && error.code === 'LEDGER_PART_DAMAGED';
      if (isDamage && this.#mayBeDamaged()) return null;
      if (error instanceof LedgerError) return error.message;
      throw error;
    }
    return stateDigest(this.#restored);
  }
}
