import type { Command } from 'commander';
import { openOutput } from '../output.ts';
import {
  addConnectionOptions,
  clientCommand,
  clientFlags,
  type Finish,
  wholeNumber,
} from './client-command.ts';
import { hexadecimalId } from './identifiers.ts';

const exits = `
Exit codes:
  0  done
  1  refused, nobody answered, or "outcome unknown"
  2  wrong usage
`;

const compactHelp = `
What was before REVISION cannot be read or watched any more. With --auto-compaction-retention of
serve it happens by itself.

Example:
  quorate compact 4000
${exits}`;

const alarmHelp = `
NOSPACE stands once the store has reached its quota: writes are refused until it is disarmed, so
make room first. CORRUPT: replicas differ, and nothing is served.

Examples:
  quorate alarm list
  quorate alarm disarm
${exits}`;

const defragHelp = `
Quorate uses room again without being asked, and stops nobody for it: the command is here for those
whose scripts run it.

Examples:
  quorate defrag
  quorate defrag --cluster
${exits}`;

const moveHelp = `
MEMBER is a voter's id in hexadecimal, as quorate status --cluster prints it.

Example:
  quorate move-leader 00a1b2c3d4e5f607 --endpoints host1:2379,host2:2379,host3:2379
${exits}`;

/** `compact`, `alarm ...`, `defrag` and `move-leader`. */
export function addMaintenance(program: Command, finish: Finish): void {
  addCompact(program, finish);
  addAlarm(program, finish);
  const defrag = operateCommand(program, 'defrag', 'Give room back.').option(
    '--cluster',
    'ask every member, not only the endpoints given',
  );
  addConnectionOptions(defrag)
    .addHelpText('after', defragHelp)
    .action(async (options) => {
      const commands = await import('../commands/maintenance.ts');
      const flags = { ...clientFlags(options), isCluster: options.cluster === true };
      finish(await commands.defragment(flags, openOutput(options.json === true)));
    });
  const move = operateCommand(program, 'move-leader', 'Hand the lead to another voter.').argument(
    'MEMBER',
    'who is to lead',
    hexadecimalId,
  );
  addConnectionOptions(move)
    .addHelpText('after', moveHelp)
    .action(async (member: bigint, options) => {
      const commands = await import('../commands/maintenance.ts');
      const output = openOutput(options.json === true);
      finish(await commands.moveLeader(member, clientFlags(options), output));
    });
}

function operateCommand(program: Command, name: string, description: string): Command {
  return clientCommand(program, name, description).helpGroup('Operate:');
}

function addCompact(program: Command, finish: Finish): void {
  const revision = wholeNumber(1, Number.MAX_SAFE_INTEGER);
  const command = operateCommand(program, 'compact', 'Forget what was before a revision.')
    .argument('REVISION', 'the first that stays', revision)
    .option('--physical', 'wait until the room is free');
  addConnectionOptions(command)
    .addHelpText('after', compactHelp)
    .action(async (first: number, options) => {
      const { compact } = await import('../commands/maintenance.ts');
      const flags = { ...clientFlags(options), isPhysical: options.physical === true };
      finish(await compact(first, flags, openOutput(options.json === true)));
    });
}

function addAlarm(program: Command, finish: Finish): void {
  const alarm = program
    .command('alarm')
    .helpGroup('Operate:')
    .usage('COMMAND [options]')
    .description('Show and end alarms.')
    .addHelpText('after', alarmHelp);
  const list = alarm.command('list').description('List the alarms that stand.');
  const disarm = alarm.command('disarm').description('End all alarms.');
  addConnectionOptions(list).action(async (options) => {
    const { alarms } = await import('../commands/maintenance.ts');
    finish(await alarms('list', clientFlags(options), openOutput(options.json === true)));
  });
  addConnectionOptions(disarm).action(async (options) => {
    const { alarms } = await import('../commands/maintenance.ts');
    finish(await alarms('disarm', clientFlags(options), openOutput(options.json === true)));
  });
}
