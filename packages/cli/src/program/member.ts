import type { Command } from 'commander';
import type { ClientFlags } from '../commands/endpoints.ts';
import { openOutput } from '../output.ts';
import {
  addConnectionOptions,
  type ClientValues,
  clientFlags,
  type Finish,
} from './client-command.ts';

const memberHelp = `
MEMBER is a name, or an id in hexadecimal, as quorate member list prints them. One is replaced by
removing it and adding another; the new one is started with the settings that add prints and an
empty data directory, and catches up by itself. One that was added as a voter counts in majorities
only once it has caught up; a learner is promoted by hand, or by serve --auto-promote-learners.

Examples:
  quorate member list
  quorate member remove n2
  quorate member add n4 --peer-urls http://host4:2380
  quorate member add n5 --peer-urls http://host5:2380 --learner
  quorate member promote a1b3d6239b3cc764
  quorate member update 9f40d6239b3cc764 --peer-urls http://host9:2380

Exit codes:
  0  done
  1  refused, nobody answered, or "outcome unknown": look at the list before you repeat it
  2  wrong usage
`;

const peerUrl = 'where the other nodes reach it';
const peerUrls = `${peerUrl}, comma-separated`;

/** Whose members they are. */
export interface MemberedService {
  readonly help: string;
  /** Whether a member may be reached in several places, and move. */
  readonly hasManyUrls: boolean;
  addConnection(command: Command): Command;
  /** What `addConnection` has made of the command line. */
  flagsOf(options: ClientValues): ClientFlags;
}

/** `member list|add|remove|update|promote`. */
export function addMember(program: Command, finish: Finish): void {
  const connection = { addConnection: addConnectionOptions, flagsOf: clientFlags };
  const service = { help: memberHelp, hasManyUrls: true, ...connection };
  const member = addMemberCommands(program, service, finish).helpGroup('Operate:');
  const update = member
    .command('update')
    .description('Tell the others that a member has moved.')
    .argument('MEMBER', 'which: its name or its id')
    .requiredOption('--peer-urls <URLS>', peerUrls);
  addConnectionOptions(update).action(async (which: string, options) => {
    const { updateMember } = await import('../commands/member.ts');
    const flags = { ...clientFlags(options), peerUrls: options.peerUrls };
    finish(await updateMember(which, flags, openOutput(options.json === true)));
  });
}

/** `member list|add|remove|promote`, of any service that has them. */
export function addMemberCommands(
  parent: Command,
  service: MemberedService,
  finish: Finish,
): Command {
  const { addConnection, flagsOf, hasManyUrls } = service;
  const member = parent
    .command('member')
    .usage('COMMAND [options]')
    .description(`Show members, add${hasManyUrls ? ', remove and move' : ' and remove'} them.`)
    .addHelpText('after', service.help);
  addConnection(member.command('list').description('List the members.')).action(async (options) => {
    const { listMembers } = await import('../commands/member.ts');
    finish(await listMembers(flagsOf(options), openOutput(options.json === true)));
  });
  const add = member
    .command('add')
    .description('Add a member, and print what to start it with.')
    .argument('NAME', 'what the new node will be called')
    .requiredOption('--peer-urls <URLS>', hasManyUrls ? peerUrls : peerUrl)
    .option('--learner', 'without a vote until it is promoted');
  addConnection(add).action(async (name: string, options) => {
    const commands = await import('../commands/member.ts');
    const isLearner = options.learner === true;
    const flags = { ...flagsOf(options), peerUrls: options.peerUrls, isLearner };
    finish(await commands.addMember(name, flags, openOutput(options.json === true)));
  });
  addChange(member, service, 'remove', 'Remove a member for good.', finish);
  addChange(member, service, 'promote', 'Give a learner its vote.', finish);
  return member;
}

function addChange(
  member: Command,
  { addConnection, flagsOf }: MemberedService,
  name: 'remove' | 'promote',
  description: string,
  finish: Finish,
): void {
  const command = member
    .command(name)
    .description(description)
    .argument('MEMBER', 'which: its name or its id');
  addConnection(command).action(async (which: string, options) => {
    const { removeMember, promoteMember } = await import('../commands/member.ts');
    const change = name === 'remove' ? removeMember : promoteMember;
    finish(await change(which, flagsOf(options), openOutput(options.json === true)));
  });
}
