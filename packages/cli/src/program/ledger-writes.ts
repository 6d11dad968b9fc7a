import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { parseAmount } from '../ledger/values/amount-text.ts';
import { type FlagNames, parseFlags } from '../ledger/values/flag-text.ts';
import type { IdentifierStyle } from '../ledger/values/number-text.ts';
import { ValueProblem } from '../ledger/values/value-problem.ts';
import { ledgerHelp } from '../ledger-help.ts';
import {
  addStyle,
  addUserData,
  type LedgerHost,
  take,
  type UserDataValues,
  userDataOf,
} from './ledger-host.ts';

const newId = 'decimal, 0x..., a UUID, or new';

interface Style extends UserDataValues {
  readonly scale?: number;
  readonly ids?: IdentifierStyle;
}

/** `create-account`, `transfer`, `post` and `void`. */
export function addLedgerWrites(ledger: Command, host: LedgerHost): void {
  addCreateAccount(ledger, host);
  addTransfer(ledger, host);
  addSettle(ledger, host, 'post', 'Move what a pending transfer has reserved.');
  addSettle(ledger, host, 'void', 'Give back what a pending transfer has reserved.');
}

function addCreateAccount(ledger: Command, host: LedgerHost): void {
  const command = ledger
    .command('create-account')
    .description('Open an account.')
    .argument('ID', newId, idOrNew)
    .requiredOption('--ledger <N>', 'what is counted, a currency say', take.uint32)
    .requiredOption('--code <N>', 'what the account is for', take.uint16)
    .option('--flags <LIST>', 'names with commas between them: see below');
  host.addConnection(addStyle(addUserData(command)));
  command
    .addHelpText('after', ledgerHelp.createAccount)
    .action(async (id: bigint, options: Style & { ledger: number; code: number; flags?: string }) =>
      host.run({ ...options }, async (context) => {
        const { AccountFlag } = await import('@quorate/ledger');
        const { createAccount } = await import('../ledger/create-events.ts');
        const flags = flagsOf(options.flags, AccountFlag);
        const account = { id, ledger: options.ledger, code: options.code, flags };
        const style = options.ids ?? host.defaults.ids;
        return createAccount({ ...account, ...userDataOf(options) }, style, context);
      }),
    );
}

interface TransferOptions extends Style {
  readonly debit: bigint;
  readonly credit: bigint;
  readonly amount: string;
  readonly ledger: number;
  readonly code: number;
  readonly flags?: string;
  readonly pending?: boolean;
  readonly timeout?: number;
}

function addTransfer(ledger: Command, host: LedgerHost): void {
  const command = ledger
    .command('transfer')
    .description('Move an amount, or reserve it.')
    .argument('ID', newId, idOrNew)
    .requiredOption('--debit <ID>', 'the account that is debited', take.id)
    .requiredOption('--credit <ID>', 'the account that is credited', take.id)
    .requiredOption('--amount <N>', 'in the smallest unit, or as --scale says')
    .requiredOption('--ledger <N>', 'that of both accounts', take.uint32)
    .requiredOption('--code <N>', 'what the transfer is for', take.uint16)
    .option('--pending', 'only reserve it, to post or void it later')
    .option('--timeout <S>', 'seconds after which it is given back; with --pending', take.uint32)
    .option('--flags <LIST>', 'names with commas between them: see below');
  host.addConnection(addStyle(addUserData(command)));
  command
    .addHelpText('after', ledgerHelp.transfer)
    .action(async (id: bigint, options: TransferOptions) =>
      host.run({ ...options }, async (context) => {
        const { TransferFlag } = await import('@quorate/ledger');
        const { createTransfer } = await import('../ledger/create-events.ts');
        const pending = options.pending === true ? TransferFlag.pending : 0;
        const transfer = {
          id,
          debitAccountId: options.debit,
          creditAccountId: options.credit,
          amount: amountOf(options.amount, options.scale ?? host.defaults.scale),
          ledger: options.ledger,
          code: options.code,
          flags: flagsOf(options.flags, TransferFlag) | pending,
          timeout: options.timeout ?? 0,
          ...userDataOf(options),
        };
        return createTransfer(transfer, options.ids ?? host.defaults.ids, context);
      }),
    );
}

function addSettle(
  ledger: Command,
  host: LedgerHost,
  name: 'post' | 'void',
  description: string,
): void {
  const command = ledger
    .command(name)
    .description(description)
    .argument('ID', `of this transfer: ${newId}`, idOrNew)
    .argument('PENDING', 'the id of the pending transfer', take.id);
  if (name === 'post') command.option('--amount <N>', 'a part of it; the rest is given back');
  host.addConnection(addStyle(addUserData(command)));
  command
    .addHelpText('after', ledgerHelp[name])
    .action(async (id: bigint, pendingId: bigint, options: Style & { amount?: string }) =>
      host.run({ ...options }, async (context) => {
        const { TransferFlag } = await import('@quorate/ledger');
        const { createTransfer } = await import('../ledger/create-events.ts');
        const { amount, scale = host.defaults.scale } = options;
        const { postPendingTransfer, voidPendingTransfer } = TransferFlag;
        const transfer = {
          id,
          pendingId,
          debitAccountId: 0n,
          creditAccountId: 0n,
          amount: amount === undefined ? 0n : postedOf(amount, scale),
          ledger: 0,
          code: 0,
          flags: name === 'post' ? postPendingTransfer : voidPendingTransfer,
          ...userDataOf(options),
        };
        return createTransfer(transfer, options.ids ?? host.defaults.ids, context);
      }),
    );
}

/** New ids rise with time, as ids of a ledger best do: 48 bits of milliseconds, 80 random ones. */
function idOrNew(text: string): bigint {
  if (text !== 'new') return take.id(text);
  return (BigInt(Date.now()) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`);
}

function flagsOf(text: string | undefined, names: FlagNames): number {
  return optionValue('--flags', () => parseFlags(text ?? '', names));
}

function amountOf(text: string, scale: number): bigint {
  return optionValue('--amount', () => parseAmount(text, scale));
}

/** In a post 0 would stand for all of it. */
function postedOf(text: string, scale: number): bigint {
  const amount = amountOf(text, scale);
  if (amount > 0n) return amount;
  const fix = 'leave it out to post all, or void the transfer to post nothing';
  throw new CliError('CLI_USAGE', `--amount: 0 cannot be posted; ${fix}`, {});
}

function optionValue<Value>(option: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    throw new CliError('CLI_USAGE', `${option}: ${error.message}`, {}, { cause: error });
  }
}
