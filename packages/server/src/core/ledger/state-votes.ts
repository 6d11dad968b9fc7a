import type { Timers } from '@quorate/base';
import { encodeLedgerCommand, stateForm } from '@quorate/ledger';
import { encodeSessionCommand } from '@quorate/runtime';
import type { LedgerGroup } from './ledger-group.ts';

/**
 * Puts into the log what this replica has found its state to be, so that replicas notice when they
 * differ. Of the checks that come by while one is on its way only the last counts: a replica that
 * goes through its log after a start does not repeat all that it has said before.
 */
export class StateVotes {
  readonly #group: Pick<LedgerGroup, 'propose' | 'status'>;
  readonly #timers: Pick<Timers, 'defer'>;
  #latest: { readonly check: number; readonly hash: number } | null = null;
  #isUnderWay = false;

  constructor(group: Pick<LedgerGroup, 'propose' | 'status'>, timers: Pick<Timers, 'defer'>) {
    this.#group = group;
    this.#timers = timers;
  }

  /** May be called while entries are applied. */
  checked(check: number, hash: number): void {
    this.#latest = { check, hash };
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#timers.defer(() => this.#propose());
  }

  #propose(): void {
    const latest = this.#latest;
    if (latest === null) {
      this.#isUnderWay = false;
      return;
    }
    this.#latest = null;
    const { node, configuration } = this.#group.status();
    const { voters, learners, members } = configuration;
    const holders = [...voters, ...learners].filter(
      (id) => members.find((member) => member.id === id)?.witness !== true,
    );
    const majority = Math.floor(holders.length / 2) + 1;
    const command = encodeLedgerCommand({
      kind: 'vote',
      form: stateForm,
      ...latest,
      node,
      majority,
    });
    // One that is lost is missed by nobody for long: there is another after some more batches.
    this.#group.propose(encodeSessionCommand({ kind: 'plain', command }), () => this.#propose());
  }
}
