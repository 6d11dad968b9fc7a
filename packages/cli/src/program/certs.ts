import type { Command } from 'commander';
import { openOutput } from '../output.ts';
import { type Finish, wholeNumber } from './client-command.ts';

const help = `
For development clusters, and small ones whose keys one person keeps: the authority's key lies in
DIR without a passphrase. Nodes and clients need ca.crt and their own pair, never ca.key. Running
nodes notice replaced files by themselves.

Examples:
  quorate certs init
  quorate certs issue n1 --host n1.example,10.0.0.1
  quorate certs client alice
  quorate certs show
  quorate certs rotate                      new leaves, of the same authority
  quorate certs rotate --ca                 a new authority beside the old: give ca.crt to all
  quorate certs rotate                      leaves of the new one
  quorate certs rotate --drop-old-ca        the old one is trusted no more: give ca.crt to all

Exit codes:
  0  done
  1  refused; nothing was changed, and standard error says why
  2  wrong usage
`;

const days = wholeNumber(1, 36_500);

/** `quorate certs ...`: an authority of one's own, and what it issues. */
export function addCerts(program: Command, finish: Finish): void {
  const certs = program
    .command('certs')
    .helpGroup('Begin:')
    .usage('COMMAND [options]')
    .description('Make and replace certificates for TLS.')
    .addHelpText('after', help);
  addInit(certs, finish);
  addIssue(certs, finish);
  addClient(certs, finish);
  addRotate(certs, finish);
  addShow(certs, finish);
}

function certsCommand(certs: Command, name: string, description: string): Command {
  return certs
    .command(name)
    .description(description)
    .option('--dir <DIR>', 'where certificates and keys are kept', 'certs');
}

function addInit(certs: Command, finish: Finish): void {
  certsCommand(certs, 'init', 'Make a certificate authority.')
    .option('--name <NAME>', 'what the authority is called', 'Quorate CA')
    .option('--days <N>', 'how long it is valid (default: 3650)', days)
    .option('--force', 'replace the one that is there')
    .option('--json', 'print JSON')
    .action(async (options) => {
      const { initCerts } = await import('../commands/certs.ts');
      const flags = {
        directory: options.dir,
        commonName: options.name,
        days: options.days ?? 3650,
        isForced: options.force === true,
      };
      finish(await initCerts(flags, openOutput(options.json === true)));
    });
}

function addIssue(certs: Command, finish: Finish): void {
  const text = 'Issue a certificate for a node, for its clients and its peers.';
  const command = certsCommand(certs, 'issue', text)
    .argument('<NAME...>', 'the common name, and the name of the files')
    .option('--host <LIST>', 'how it is reached, comma-separated', 'localhost,127.0.0.1,::1');
  issues(command, 'node', finish);
}

function addClient(certs: Command, finish: Finish): void {
  const command = certsCommand(certs, 'client', 'Issue a certificate for a client.').argument(
    '<NAME...>',
    "the common name: with --client-cert-auth, the user's; names the files",
  );
  issues(command, 'client', finish);
}

function issues(command: Command, kind: 'node' | 'client', finish: Finish): void {
  command
    .option('--days <N>', 'how long it is valid (default: 365)', days)
    .option('--force', 'replace the one that is there')
    .option('--json', 'print JSON')
    .action(async (names: string[], options) => {
      const { issueCert } = await import('../commands/certs.ts');
      const { dir, host = '', days: given = 365, force } = options;
      const flags = { directory: dir, hosts: host, days: given, isForced: force === true };
      finish(await issueCert(names, kind, flags, openOutput(options.json === true)));
    });
}

function addRotate(certs: Command, finish: Finish): void {
  certsCommand(certs, 'rotate', 'Replace certificates, or the authority step by step.')
    .argument('[NAME...]', 'the leaves to replace; none: all')
    .option('--days <N>', 'how long they are valid (default: as before)', days)
    .option('--ca', 'a new authority; the old one stays trusted beside it')
    .option('--drop-old-ca', 'trust the old authority no more')
    .option('--json', 'print JSON')
    .action(async (names: string[], options) => {
      const { rotateCerts } = await import('../commands/certs.ts');
      const step =
        options.ca === true ? 'newAuthority' : options.dropOldCa ? 'dropOldAuthorities' : 'leaves';
      const flags = { directory: options.dir, names, days: options.days, step } as const;
      finish(await rotateCerts(flags, openOutput(options.json === true)));
    });
}

function addShow(certs: Command, finish: Finish): void {
  certsCommand(certs, 'show', 'Show what certificates say, and how long they are valid.')
    .argument('[FILE...]', 'PEM files; none: all of DIR')
    .option('--json', 'print JSON, a line for each certificate')
    .action(async (files: string[], options) => {
      const { showCerts } = await import('../commands/certs.ts');
      finish(showCerts({ directory: options.dir, files }, openOutput(options.json === true)));
    });
}
