import type { Command } from 'commander';
import { openOutput } from '../output.ts';
import { addConnectionOptions, clientFlags, type Finish, wholeNumber } from './client-command.ts';
import { hexadecimalId } from './identifiers.ts';

const help = `
Ids are hexadecimal. A lease that nobody renews ends after its time, and its keys with it.

Examples:
  quorate lease grant 60
  quorate put session here --lease 0000000000000abc
  quorate lease keep-alive 0000000000000abc
  quorate lease ttl 0000000000000abc --keys

Exit codes:
  0  done
  1  refused, nobody answered, there is no such lease, or "outcome unknown"
  2  wrong usage
`;

/** `lease ...`. */
export function addLease(program: Command, finish: Finish): void {
  const lease = program
    .command('lease')
    .helpGroup('Use:')
    .usage('COMMAND [options]')
    .description('Grant, renew, end and look at leases.')
    .addHelpText('after', help);
  const grant = lease
    .command('grant')
    .description('Grant a lease.')
    .argument('TTL', 'how long it lives without renewal, in seconds', wholeNumber(1, 9_000_000_000))
    .option('--id <ID>', 'its id; left out, the cluster chooses one', hexadecimalId);
  addConnectionOptions(grant).action(async (ttl: number, options) => {
    const { grantLease } = await import('../commands/lease.ts');
    const flags = { ...clientFlags(options), id: options.id };
    finish(await grantLease(ttl, flags, openOutput(options.json === true)));
  });
  const revoke = leaseCommand(lease, 'revoke', 'End a lease, which deletes its keys.');
  addConnectionOptions(revoke).action(async (id: bigint, options) => {
    const { revokeLease } = await import('../commands/lease.ts');
    finish(await revokeLease(id, clientFlags(options), openOutput(options.json === true)));
  });
  const ttl = leaseCommand(lease, 'ttl', 'Show how long a lease has left.')
    .alias('timetolive')
    .option('--keys', 'show its keys as well');
  addConnectionOptions(ttl).action(async (id: bigint, options) => {
    const { showLease } = await import('../commands/lease.ts');
    const flags = { ...clientFlags(options), isWithKeys: options.keys === true };
    finish(await showLease(id, flags, openOutput(options.json === true)));
  });
  const keep = leaseCommand(lease, 'keep-alive', 'Renew a lease until Ctrl-C.');
  addConnectionOptions(keep).action(async (id: bigint, options) => {
    const { keepLease } = await import('../commands/lease.ts');
    finish(await keepLease(id, clientFlags(options), openOutput(options.json === true)));
  });
  const list = lease.command('list').description('List all leases.');
  addConnectionOptions(list).action(async (options) => {
    const { listLeases } = await import('../commands/lease.ts');
    finish(await listLeases(clientFlags(options), openOutput(options.json === true)));
  });
}

function leaseCommand(lease: Command, name: string, description: string): Command {
  return lease.command(name).description(description).argument('ID', 'the lease', hexadecimalId);
}
