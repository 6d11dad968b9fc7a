import { Argument, type Command } from 'commander';
import type { IdentifierStyle } from '../ledger/values/number-text.ts';
import { ledgerHelp } from '../ledger-help.ts';
import { wholeNumber } from './client-command.ts';
import {
  addStyle,
  addUserData,
  type LedgerHost,
  take,
  type UserDataValues,
  userDataOf,
} from './ledger-host.ts';

type Kind = 'accounts' | 'transfers';

interface Style {
  readonly scale?: number;
  readonly ids?: IdentifierStyle;
}

interface PageValues extends UserDataValues {
  readonly from?: bigint;
  readonly to?: bigint;
  readonly limit?: number;
  readonly newest?: boolean;
  readonly code?: number;
}

/** Adds the times between which rows are shown. */
export function addTimes(command: Command): Command {
  return command
    .option('--from <TIME>', 'no earlier: a date, a time in UTC, or nanoseconds', take.time)
    .option('--to <TIME>', 'no later', take.time);
}

/** The argument that says of what: accounts or transfers. */
export function kindArgument(): Argument {
  return new Argument('KIND', 'accounts or transfers').choices(['accounts', 'transfers']);
}

/** `lookup`, `history` and `query`. */
export function addLedgerReads(ledger: Command, host: LedgerHost): void {
  addLookup(ledger, host);
  addHistory(ledger, host);
  addQuery(ledger, host);
}

function styleOf({ scale, ids }: Style, { defaults }: LedgerHost) {
  return { scale: scale ?? defaults.scale, ids: ids ?? defaults.ids };
}

function addLookup(ledger: Command, host: LedgerHost): void {
  const collect = (text: string, before: bigint[] = []): bigint[] => [...before, take.id(text)];
  const command = ledger
    .command('lookup')
    .description('Show accounts or transfers by their ids.')
    .addArgument(kindArgument())
    .argument('ID...', 'decimal, 0x... or a UUID', collect);
  host.addConnection(addStyle(command));
  command
    .addHelpText('after', ledgerHelp.lookup)
    .action(async (kind: Kind, ids: bigint[], options: Style) =>
      host.run({ ...options }, async (context) => {
        const { lookup } = await import('../ledger/read-rows.ts');
        return lookup(kind, ids, styleOf(options, host), context);
      }),
    );
}

function addPage(command: Command): Command {
  return addUserData(addTimes(command))
    .option('--code <N>', 'only with this code', take.uint16)
    .option('--limit <N>', 'at most so many, up to 8190 (default: 100)', wholeNumber(1, 8190))
    .option('--newest', 'the newest first');
}

function pageOf(options: PageValues) {
  const { from, to, limit = 100, newest, code } = options;
  return {
    ...userDataOf(options),
    ...(from === undefined ? {} : { timestampMin: from }),
    ...(to === undefined ? {} : { timestampMax: to }),
    ...(code === undefined ? {} : { code }),
    limit,
    reversed: newest === true,
  };
}

interface HistoryValues extends PageValues, Style {
  readonly balances?: boolean;
  readonly debits?: boolean;
  readonly credits?: boolean;
}

function addHistory(ledger: Command, host: LedgerHost): void {
  const command = ledger
    .command('history')
    .description('Show the transfers of an account, or its balances after each.')
    .argument('ID', 'of the account', take.id)
    .option('--balances', 'its balances, which are kept with the flag history')
    .option('--debits', 'only transfers that debit it')
    .option('--credits', 'only transfers that credit it');
  host.addConnection(addStyle(addPage(command)));
  command
    .addHelpText('after', ledgerHelp.history)
    .action(async (accountId: bigint, options: HistoryValues) =>
      host.run({ ...options }, async (context) => {
        const { checkRange, history } = await import('../ledger/read-rows.ts');
        checkRange(options.from, options.to);
        const { debits = false, credits = false } = options;
        const filter = { ...pageOf(options), accountId, debits, credits };
        return history(filter, options.balances === true, styleOf(options, host), context);
      }),
    );
}

function addQuery(ledger: Command, host: LedgerHost): void {
  const command = ledger
    .command('query')
    .description('Show accounts or transfers by what they say.')
    .addArgument(kindArgument())
    .option('--ledger <N>', 'only of this ledger', take.uint32);
  host.addConnection(addStyle(addPage(command)));
  command
    .addHelpText('after', ledgerHelp.query)
    .action(async (kind: Kind, options: PageValues & Style & { ledger?: number }) =>
      host.run({ ...options }, async (context) => {
        const { checkRange, query } = await import('../ledger/read-rows.ts');
        checkRange(options.from, options.to);
        const only = options.ledger === undefined ? {} : { ledger: options.ledger };
        return query(kind, { ...pageOf(options), ...only }, styleOf(options, host), context);
      }),
    );
}
