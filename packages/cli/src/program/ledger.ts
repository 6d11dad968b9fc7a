import type { Command } from 'commander';
import type { LedgerContext } from '../ledger/ledger-context.ts';
import { ledgerClientPort, ledgerSettings } from '../ledger/ledger-settings.ts';
import { chooseLedgers } from '../ledger/open-connection.ts';
import { ledgerHelp } from '../ledger-help.ts';
import { openOutput } from '../output.ts';
import { stopRequested } from '../stop-signal.ts';
import { clientFlags, type Finish, wholeNumber } from './client-command.ts';
import { addLedgerCommands } from './ledger-commands.ts';
import { addStyle, type LedgerHost } from './ledger-host.ts';
import { addLedgerServe } from './ledger-serve.ts';
import { addMemberCommands } from './member.ts';
import { addUp, type UpCommand } from './up.ts';

const ledgerUp: UpCommand = {
  service: {
    kind: 'ledger',
    words: ['ledger'],
    clientPort: ledgerClientPort,
    settings: ledgerSettings,
    firstTry: 'ledger create-account 1 --ledger 840 --code 10',
    secondTry: 'ledger member list',
  },
  description: 'Run a ledger of several nodes on this machine.',
  help: ledgerHelp.up,
  directory: '.quorate-ledger',
};

type Options = Parameters<LedgerHost['run']>[0];

/** `quorate ledger ...`: accounts and transfers. */
export function addLedger(program: Command, finish: Finish): void {
  const ledger = program
    .command('ledger')
    .helpGroup('Use:')
    .usage('COMMAND [options]')
    .description('Open accounts, move amounts between them, and show both.')
    .addHelpText('after', ledgerHelp.ledger);
  const run: LedgerHost['run'] = async (options, action) => {
    finish(await connected(options, action));
  };
  const host: LedgerHost = { defaults: { scale: 0, ids: 'decimal' }, addConnection, run };
  addUp(ledger, ledgerUp, finish);
  addLedgerServe(ledger, finish);
  addMemberCommands(
    ledger,
    {
      help: ledgerHelp.member,
      hasManyUrls: false,
      addConnection,
      flagsOf: (options) => {
        const endpoints = chooseLedgers(options.endpoints).join(',');
        return { ...clientFlags(options), endpoints, hasUsers: false };
      },
    },
    finish,
  );
  addLedgerCommands(ledger, host);
  const shell = ledger.command('shell').description('Carry out commands as they are typed.');
  addConnection(addStyle(shell))
    .addHelpText('after', ledgerHelp.shell)
    .action(async (options) =>
      run(options, async (context) => {
        const { runShell } = await import('../ledger/shell/shell.ts');
        const defaults = { scale: options.scale ?? 0, ids: options.ids ?? 'decimal' };
        return runShell(addLedgerCommands, defaults, context);
      }),
    );
}

function addConnection(command: Command): Command {
  const endpoints = 'nodes to talk to, comma-separated (default: 127.0.0.1:3379)';
  const timeout = 'for a request, or a batch of import (default: 30000)';
  return command
    .option('--json', 'print JSON')
    .optionsGroup('Connection:')
    .option('--endpoints <LIST>', endpoints)
    .option('--timeout-ms <MS>', timeout, wholeNumber(1, 3_600_000))
    .option('--cacert <FILE>', 'TLS; the authorities that servers are checked against')
    .option('--cert <FILE>', "TLS; this client's certificate")
    .option('--key <FILE>', "the certificate's key");
}

async function connected(
  options: Options,
  action: (context: LedgerContext) => Promise<number>,
): Promise<number> {
  const { withLedger } = await import('../ledger/open-connection.ts');
  const isJson = options['json'] === true;
  const stopping = new AbortController();
  let isWatched = false;
  return withLedger(clientFlags(options), (connection) =>
    action({
      connection,
      output: openOutput(isJson),
      get signal() {
        // A command that does not ask for it is ended by a signal at once, as any other is.
        if (!isWatched) {
          void stopRequested(false, () => process.exit(1)).then(() => stopping.abort());
        }
        isWatched = true;
        return stopping.signal;
      },
      note: (text) => void process.stderr.write(`${text}\n`),
      drawLine: process.stderr.isTTY && !isJson ? drawLine : null,
      isInputTaken: false,
    }),
  );
}

/** Over the line that is there. */
function drawLine(text: string): void {
  process.stderr.write(`\r\u001b[K${text}`);
}
