import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import type { IdentifierStyle } from '../ledger/values/number-text.ts';
import { ledgerHelp } from '../ledger-help.ts';
import { wholeNumber } from './client-command.ts';
import { addScale, addStyle, type LedgerHost, take } from './ledger-host.ts';
import { addTimes, kindArgument } from './ledger-reads.ts';

type Kind = 'accounts' | 'transfers';

/** `import` and `export`. */
export function addLedgerFiles(ledger: Command, host: LedgerHost): void {
  addImport(ledger, host);
  addExport(ledger, host);
}

interface ImportValues {
  readonly kind?: Kind;
  readonly scale?: number;
  readonly ignoreColumns?: string;
  readonly check?: boolean;
  readonly fromStart?: boolean;
  readonly skipBad?: string;
  readonly batch?: number;
  readonly inFlight?: number;
}

function addImport(ledger: Command, host: LedgerHost): void {
  const kind = new Option('--kind <KIND>', 'accounts or transfers (default: by the columns)');
  const command = ledger
    .command('import')
    .description('Open accounts or carry out transfers that a file holds.')
    .argument('FILE', 'CSV or lines of JSON; - is standard input')
    .addOption(kind.choices(['accounts', 'transfers']))
    .option('--ignore-columns <LIST>', 'names of columns to leave out')
    .option('--check', 'read the file, and send nothing')
    .option('--from-start', 'begin again, whatever FILE.position says')
    .option('--skip-bad <REPORT>', 'leave out lines that cannot be read, and list them there')
    .option('--batch <N>', 'events in a batch (default: 8190)', wholeNumber(1, 8190))
    .option('--in-flight <N>', 'batches under way at a time (default: 4)', wholeNumber(1, 32));
  host.addConnection(addScale(command));
  command
    .addHelpText('after', ledgerHelp.import)
    .action(async (path: string, options: ImportValues) =>
      host.run({ ...options }, async (context) => {
        const shared = {
          kind: options.kind,
          scale: options.scale ?? host.defaults.scale,
          ignoredColumns: options.ignoreColumns?.split(',').map((name) => name.trim()) ?? [],
        };
        if (options.check === true) {
          const { checkFile } = await import('../ledger/import/check-file.ts');
          return checkFile(path, shared, context);
        }
        const { importFile } = await import('../ledger/import/import-file.ts');
        const flags = {
          ...shared,
          isFromStart: options.fromStart === true,
          badLinesPath: options.skipBad,
          batchEvents: options.batch ?? 8190,
          inFlight: options.inFlight ?? 4,
        };
        return importFile(path, flags, context);
      }),
    );
}

interface ExportValues {
  readonly account?: bigint;
  readonly ledger?: number;
  readonly code?: number;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly format?: 'csv' | 'jsonl';
  readonly force?: boolean;
  readonly fromStart?: boolean;
  readonly page?: number;
  readonly scale?: number;
  readonly ids?: IdentifierStyle;
}

function addExport(ledger: Command, host: LedgerHost): void {
  const format = new Option('--format <FORMAT>', "csv or jsonl (default: by FILE's end, or csv)");
  const command = addTimes(
    ledger
      .command('export')
      .description('Write accounts or transfers to a file, in the order of their timestamps.')
      .addArgument(kindArgument())
      .argument('[FILE]', 'a new file; - or nothing: standard output')
      .option('--account <ID>', 'only transfers of this account', take.id)
      .option('--ledger <N>', 'only of this ledger', take.uint32)
      .option('--code <N>', 'only with this code', take.uint16),
  )
    .addOption(format.choices(['csv', 'jsonl']))
    .option('--force', 'replace FILE when it is there')
    .option('--from-start', 'begin again, whatever FILE.part holds')
    .option('--page <N>', 'rows asked for at a time (default: 8190)', wholeNumber(1, 8190));
  host.addConnection(addStyle(command));
  command
    .addHelpText('after', ledgerHelp.export)
    .action(async (kind: Kind, path: string | undefined, options: ExportValues) =>
      host.run({ ...options }, async (context) => {
        const { exportRows } = await import('../ledger/export/export-rows.ts');
        const { checkRange } = await import('../ledger/read-rows.ts');
        const { account, ledger: number, code = 0, from, to } = options;
        checkRange(from, to);
        if (account !== undefined && (kind === 'accounts' || number !== undefined)) {
          const message = '--account is for transfers, and goes without --ledger; leave one out';
          throw new CliError('CLI_USAGE', message, {});
        }
        const range = {
          kind,
          accountId: account ?? null,
          ledger: number ?? 0,
          code,
          timestampMin: from ?? 1n,
          timestampMax: to ?? null,
        };
        const { scale = host.defaults.scale, ids = host.defaults.ids } = options;
        const flags = {
          range,
          style: { scale, ids },
          format: options.format,
          isForced: options.force === true,
          isFromStart: options.fromStart === true,
          pageRows: options.page,
        };
        return exportRows(path, flags, context);
      }),
    );
}
