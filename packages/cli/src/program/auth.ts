import type { Command } from 'commander';
import { openOutput } from '../output.ts';
import { addConnectionOptions, clientFlags, type Finish } from './client-command.ts';

const exits = `
Exit codes:
  0  done
  1  refused, nobody answered, or "outcome unknown"
  2  wrong usage
`;

const authHelp = `
Enabling asks for a user called root with the role root. From then on every command needs --user.

Examples:
  quorate user add root
  quorate user grant-role root root
  quorate auth enable
  quorate user list --user root
${exits}`;

const userHelp = `
The password of a new user is asked for, or read from standard input.

Examples:
  quorate user add alice
  quorate user add alice < password.txt
  quorate user grant-role alice readers
${exits}`;

const roleHelp = `
ACCESS is read, write or readwrite.

Examples:
  quorate role add readers
  quorate role grant-permission readers read users/ --prefix
  quorate role get readers
${exits}`;

type Run = (words: readonly string[], options: Readonly<Record<string, unknown>>) => Promise<void>;

/** `auth ...`, `user ...` and `role ...`. */
export function addAuth(program: Command, finish: Finish): void {
  addAuthItself(program, finish);
  addUser(program, finish);
  addRole(program, finish);
}

function group(program: Command, name: string, description: string, help: string): Command {
  return program
    .command(name)
    .helpGroup('Users:')
    .usage('COMMAND [options]')
    .description(description)
    .addHelpText('after', help);
}

/** @param usage the name, and the arguments that are all needed */
function add(parent: Command, usage: string, description: string, run: Run): Command {
  const [name = '', ...words] = usage.split(' ');
  const command = parent.command(name).description(description);
  for (const word of words) command.argument(word);
  addConnectionOptions(command).action(async () => {
    await run(command.args, command.opts());
  });
  return command;
}

function addAuthItself(program: Command, finish: Finish): void {
  const auth = group(program, 'auth', 'Ask for users, or ask no more.', authHelp);
  for (const [name, description] of [
    ['enable', 'Ask for users from now on.'],
    ['disable', 'Ask for users no more.'],
    ['status', 'Tell whether users are asked for.'],
  ] as const) {
    const run: Run = async (_words, options) => {
      const commands = await import('../commands/auth.ts');
      finish(await commands.auth(name, clientFlags(options), openOutput(options['json'] === true)));
    };
    add(auth, name, description, run);
  }
}

function addUser(program: Command, finish: Finish): void {
  const user = group(program, 'user', 'Show and change users.', userHelp);
  const run =
    (name: 'add' | 'delete' | 'get' | 'list' | 'passwd' | 'grantRole' | 'revokeRole'): Run =>
    async (words, options) => {
      const { users } = await import('../commands/auth.ts');
      const flags = { ...clientFlags(options), hasPassword: options['withoutPassword'] !== true };
      const output = openOutput(options['json'] === true);
      finish(await users(name, words, flags, output));
    };
  add(user, 'add NAME', 'Add a user.', run('add')).option(
    '--without-password',
    'one who shows a certificate instead',
  );
  add(user, 'delete NAME', 'Delete a user.', run('delete'));
  add(user, 'get NAME', "Show a user's roles.", run('get'));
  add(user, 'list', 'List all users.', run('list'));
  add(user, 'passwd NAME', 'Change a password.', run('passwd'));
  add(user, 'grant-role NAME ROLE', 'Give a user a role.', run('grantRole'));
  add(user, 'revoke-role NAME ROLE', 'Take a role away.', run('revokeRole'));
}

function addRole(program: Command, finish: Finish): void {
  const role = group(program, 'role', 'Show and change roles.', roleHelp);
  const run =
    (name: 'add' | 'delete' | 'get' | 'list' | 'grant' | 'revoke'): Run =>
    async (words, options) => {
      const { roles } = await import('../commands/auth.ts');
      const flags = {
        ...clientFlags(options),
        isPrefix: options['prefix'] === true,
        isFromKey: options['fromKey'] === true,
        rangeEnd: typeof options['rangeEnd'] === 'string' ? options['rangeEnd'] : undefined,
      };
      finish(await roles(name, words, flags, openOutput(options['json'] === true)));
    };
  add(role, 'add NAME', 'Add a role.', run('add'));
  add(role, 'delete NAME', 'Delete a role.', run('delete'));
  add(role, 'get NAME', 'Show what a role may do.', run('get'));
  add(role, 'list', 'List all roles.', run('list'));
  const grant = 'grant-permission NAME ACCESS KEY';
  withRange(add(role, grant, 'Let a role read or write keys.', run('grant')));
  const revoke = 'revoke-permission NAME KEY';
  withRange(add(role, revoke, 'Take a permission away.', run('revoke')));
}

function withRange(command: Command): void {
  command
    .option('--prefix', 'all keys that begin with KEY')
    .option('--from-key', 'all keys from KEY on')
    .option('--range-end <END>', 'all keys from KEY on and before END');
}
