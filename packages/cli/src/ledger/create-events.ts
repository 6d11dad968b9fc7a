import type { NewAccount, NewTransfer } from '@quorate/ledger';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import type { CreateOutcome } from './ledger-connection.ts';
import type { LedgerContext } from './ledger-context.ts';
import { type IdentifierStyle, identifierText } from './values/number-text.ts';
import { timeText } from './values/time-text.ts';

/** Opens one account. @throws CliError CLI_REQUEST_FAILED, CLI_OUTCOME_UNKNOWN */
export async function createAccount(
  account: NewAccount,
  style: IdentifierStyle,
  context: LedgerContext,
): Promise<number> {
  const name = identifierText(account.id, style);
  const find = `quorate ledger lookup accounts ${name}`;
  const subject = `account ${name}`;
  const outcome = await known(context.connection.createAccounts([account]), find, subject, context);
  return say(subject, name, outcome, context);
}

/** Carries one transfer out, of whatever kind. @throws as `createAccount` */
export async function createTransfer(
  transfer: NewTransfer,
  style: IdentifierStyle,
  context: LedgerContext,
): Promise<number> {
  const name = identifierText(transfer.id, style);
  const find = `quorate ledger lookup transfers ${name}`;
  const subject = `transfer ${name}`;
  const outcome = await known(
    context.connection.createTransfers([transfer]),
    find,
    subject,
    context,
  );
  return say(subject, name, outcome, context);
}

/** Adds to an unknown outcome how it can be known, and says when nothing was sent at all. */
async function known<Outcome>(
  answer: Promise<Outcome>,
  find: string,
  name: string,
  { note, output }: LedgerContext,
): Promise<Outcome> {
  try {
    return await answer;
  } catch (error) {
    const cause = codeOf(error);
    // The client gives this code only to what it never sent; another reason may replace its text.
    if (cause === 'CLIENT_UNREACHABLE' && !output.isJson) {
      note(`${name} was not sent, so nothing was carried out; the same id may be sent again`);
    }
    if (cause?.endsWith('OUTCOME_UNKNOWN') !== true) throw error;
    const how = `ask by ${find}, or run the same command with the same id again`;
    const text = `outcome unknown: ${messageOf(error)}; ${how}`;
    throw new CliError('CLI_OUTCOME_UNKNOWN', text, { cause }, { cause: error });
  }
}

function say<Result extends string>(
  subject: string,
  id: string,
  { failures, timestampOf }: CreateOutcome<Result>,
  { output }: LedgerContext,
): number {
  const result = failures[0]?.result ?? 'ok';
  if (result !== 'ok' && result !== 'exists') {
    const message = `${subject} was refused: ${result}; nothing was changed`;
    throw new CliError('CLI_REQUEST_FAILED', message, { cause: result });
  }
  const timestamp = result === 'ok' ? timestampOf(0) : null;
  if (output.isJson) {
    output.json({ id, result, timestamp: timestamp === null ? null : String(timestamp) });
  } else if (timestamp === null) {
    output.line(`${subject}: exists, and is the same`);
  } else {
    output.line(`${subject}: ok, ${timeText(timestamp)}`);
  }
  return 0;
}
