import { Prng } from '@quorate/base';
import type {
  SimpleEntry,
  SimpleStateMachine,
} from '../../../src/machines/simple-state-machine.ts';

export type BankCommand =
  | { readonly kind: 'deposit'; readonly to: string; readonly amount: number }
  | { readonly kind: 'move'; readonly from: string; readonly to: string; readonly amount: number };

export interface BankResult {
  readonly ok: boolean;
  readonly balance?: number | undefined;
}

interface BankState {
  readonly accounts: readonly (readonly [string, number])[];
  readonly lastMicros: number;
}

/** Accounts with whole amounts: a simple state machine that does everything right. */
export class Bank implements SimpleStateMachine<BankCommand, BankResult, string, number | null> {
  protected accounts: Map<string, number> = new Map();
  protected lastMicros = 0;

  apply(command: BankCommand, { timestampMicros }: SimpleEntry): BankResult {
    this.lastMicros = timestampMicros;
    if (command.kind === 'move') {
      const balance = this.accounts.get(command.from) ?? 0;
      if (balance < command.amount) return { ok: false, balance };
      this.accounts.set(command.from, balance - command.amount);
    }
    const balance = (this.accounts.get(command.to) ?? 0) + command.amount;
    this.accounts.set(command.to, balance);
    return { ok: true, balance };
  }

  query(account: string): number | null {
    return this.accounts.get(account) ?? null;
  }

  toJSON(): unknown {
    return { accounts: [...this.accounts], lastMicros: this.lastMicros };
  }

  fromJSON(state: unknown): void {
    const { accounts, lastMicros } = state as BankState;
    this.accounts = new Map(accounts);
    this.lastMicros = lastMicros;
  }

  checkCommand(command: unknown): void {
    const { kind, from, to, amount } = command as Readonly<Record<string, unknown>>;
    if (kind !== 'deposit' && kind !== 'move') throw new Error(`no kind of command: ${kind}`);
    if (typeof to !== 'string') throw new Error('to is no account');
    if (kind === 'move' && typeof from !== 'string') throw new Error('from is no account');
    if (!Number.isSafeInteger(amount)) throw new Error('amount is no whole number');
  }
}

export function bankCommands(count: number, seed: number): BankCommand[] {
  const prng = new Prng(seed);
  const accounts = ['anna', 'bert', '10', '9', 'çelik'];
  return Array.from({ length: count }, () => {
    const amount = prng.below(100);
    const to = prng.pick(accounts);
    if (prng.chance(0.5)) return { kind: 'deposit', to, amount };
    return { kind: 'move', from: prng.pick(accounts), to, amount };
  });
}
